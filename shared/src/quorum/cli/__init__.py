"""The `quorum` command line. Each command is an entry point in `quorum.commands`, so services bring their own."""
