"""Subscriptions, what waits for their endpoints, and when it is tried again."""
