"""The event, the stream that it is written to, and how consumers read it."""
