"""Accounts of people inside: what they may do, their passwords and sessions, and how often a password may be tried."""
