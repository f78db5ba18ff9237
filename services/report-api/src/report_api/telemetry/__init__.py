"""What is counted, traced and tied together of requests."""
