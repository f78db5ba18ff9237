"""`quorum run`: everything on one machine."""
