"""The classes of reporters, in the order in which records number them."""

ANONYMOUS, VERIFIED, TRUSTED, MUTED = CLASSES = ("anonymous", "verified", "trusted", "muted")
