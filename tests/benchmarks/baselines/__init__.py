"""The obvious ways of doing the same, as fast as they get without a new idea."""
