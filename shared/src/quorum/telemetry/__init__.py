"""What operators see: metrics, vital signs, logs, spans, and what a load needs."""
