"""What Grafana shows: a file a dashboard, each of rows of panels."""
