"""The named attackers, by what they attack."""
