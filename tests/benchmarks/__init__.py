"""Measures quorum against the obvious ways of doing the same, in one run: `python -m tests.benchmarks`."""
