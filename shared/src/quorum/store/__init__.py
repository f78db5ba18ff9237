"""Redis: connections, keys, scripts, and what a server must be."""
