"""The HTTP side of quorum."""
