"""The Redis side: every key, script and command of quorum, and nothing else imports redis."""
