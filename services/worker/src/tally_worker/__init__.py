"""Drains the inbox, tallies distinct reporters, emits block events."""
