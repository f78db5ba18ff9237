"""The `quorum` command line. Each command is an entry point in the group `quorum.commands`, so services bring their own."""
