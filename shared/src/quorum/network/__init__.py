"""Where servers, callers and pages are: addresses, endpoints, origins."""
