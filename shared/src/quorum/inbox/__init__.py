"""Where accepted reports wait, and the bell that calls a worker."""
