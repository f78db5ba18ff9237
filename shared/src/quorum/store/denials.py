"""What Redis does not permit: commands that an access control list denies, or that were renamed away."""

import re

from redis import exceptions as redis_errors

# Redis 6.2, 7 and Valkey say it in words of their own, and in others again when a script was denied something.
_COMMAND = re.compile(
    r"(?:run the |unknown command,? |unknown (?:redis )?command:? )['`\"]([A-Za-z|_.]{1,40})['`\"]", re.IGNORECASE
)
_SIGNS = re.compile(
    r"\bNOPERM\b|unknown command|unknown subcommand|no permissions|ACL failure in script"
    r"|can't run this command|can't access at least one of the keys|Unknown Redis command",
    re.IGNORECASE,
)
_NO_TRANSACTION = "EXEC without MULTI"  # what redis-py raises of a transaction whose first command was denied


def denied(error: Exception) -> str | None:
    """Return what was denied, None when an error has another cause. Arguments, which may be secret, are left out."""
    text = str(error)
    if not isinstance(error, redis_errors.ResponseError):
        return None
    if _NO_TRANSACTION in text:
        return "MULTI"
    if not _SIGNS.search(text):
        return None
    named = _COMMAND.search(text)
    if named:
        return named[1].replace("|", " ").upper()
    if "key" in text:
        return "to use a key of quorum"
    return "a command of a script" if "script" in text else "a command"
