"""Passwords of people inside: made, judged, and kept as Argon2id hashes.

A password is taken as RFC 8265 (section 4.2.2, OpaqueString) has it: blanks of other kinds are blanks, and what can be
written in two ways is composed (NFC), since one keyboard sends "é" as one character and another as two. It is not NFKC,
as in the older SASLprep: that makes different passwords the same.
"""

import secrets
import unicodedata
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from quorum.errors import WeakPassword

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane. More memory would be another of its
# choices, but a service hashes several at a time.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
AT_A_TIME = 4  # of one process: 76 MiB, whoever tries how many passwords
LEAST, MOST = 12, 256  # characters of a password that somebody chooses; NIST SP 800-63B-4 asks for 8 and for 64
LEAST_DISTINCT = 5
LEAST_BESIDES = 6  # characters that are neither the name nor a word that everybody tries

_PLACES = BoundedSemaphore(AT_A_TIME)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_GROUPS, _GROUP = 5, 4  # 20 of 31 characters: 99 bits
_TRIED_BY_EVERYBODY = (
    *("password", "passwort", "passwd", "motdepasse", "contraseña", "administrator", "admin", "moderator", "quorum"),
    *("letmein", "welcome", "bonjour", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "qwerty", "1q2w3e4r"),
    *("1234567890", "0987654321", "12345678", "123456", "abcdefgh", "iloveyou", "changeme"),
)


def hashed(password: str) -> str:
    """Return what is kept of a password: its Argon2id hash with its salt, in PHC format."""
    with _PLACES:
        return HASHER.hash(_prepared(password))


def verify(kept: str, password: str) -> bool:
    """Tell whether a password is the one of which `kept` is the hash; it takes as long when it is not."""
    with _PLACES:
        try:
            return HASHER.verify(kept, _prepared(password[: MOST + 1]))
        except (VerificationError, InvalidHashError):
            return False


def needs_rehash(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(kept)


def generate() -> str:
    """Return a random password of 99 bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def check_new(password: str, name: str) -> None:
    """Raise WeakPassword unless somebody of this name may choose this password; the message says what is wrong."""
    if len(password) > MOST:
        raise WeakPassword(f"the password must have at most {MOST} characters")
    text = _composed(password)
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Cn"} for sign in text):
        raise WeakPassword("the password holds a control character, or one that does not exist")
    if len(text) < LEAST:
        raise WeakPassword(f"the password must have at least {LEAST} characters; a few words do")
    folded = text.casefold()
    if len(set(folded)) < LEAST_DISTINCT or _is_a_run(folded):
        raise WeakPassword("the password repeats itself; choose a few words that have nothing to do with each other")
    for word in (name.casefold(), *_TRIED_BY_EVERYBODY):
        if len(word) >= LEAST_DISTINCT - 1:
            folded = folded.replace(word, "")
    if len(folded) < LEAST_BESIDES:
        raise WeakPassword("the password is a name or a word that everybody tries; choose a few words that are neither")


def _is_a_run(text: str) -> bool:
    """Tell whether each character follows the one before it, up or down."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


def _composed(password: str) -> str:
    blanks = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in password)
    return unicodedata.normalize("NFC", blanks)


def _prepared(password: str) -> bytes:
    return _composed(password).encode("utf-8", "surrogatepass")
