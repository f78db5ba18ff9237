"""`quorum accounts|keys|token`: who may do what."""
