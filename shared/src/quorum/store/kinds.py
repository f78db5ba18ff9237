"""What kinds of keys there are: which a backup takes along, and what each holds of a person, how long, and who ends it.

A key outside these kinds is not quorum's, whatever its name begins with. `docs/security.md` has `table()`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LIST, HASH, ZSET, STREAM, STRING = b"list", b"hash", b"zset", b"stream", b"string"
BUCKET = rb":\d{1,5}"
CONVERTED = rb"(:converted)?"  # while a migration is under way
NAME = rb":[ -~]+"
ANY = rb":.*"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person in keys of one kind: where, what, until when, and how it is erased before."""

    where: str
    what: str
    ends: str
    erased: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Keys of one kind: what follows `<namespace>:{<partition>}:` is `head` and what matches `rest`.

    `type` None stands for several. What is not lasting is known to the present only, and no backup holds it.
    """

    head: bytes
    type: bytes | None
    rest: bytes = b""
    lasting: bool = True
    person: Kept | None = None


_REPORT = "fingerprint, tags of three networks, class, age of the account; the trace id that the caller sent"
_WINDOW = "the policy's window"
_FORGET = "`quorum forget`"

KINDS = (
    Kind(
        *(b"inbox", LIST, CONVERTED),
        person=Kept("reports on their way", _REPORT, "until they are tallied: seconds", _FORGET),
    ),
    Kind(
        *(b"images", HASH, BUCKET),
        person=Kept(
            "tallies",
            "of each reporter fingerprint, time, reason, class, age of the account, tags of three networks",
            _WINDOW,
            _FORGET,
        ),
    ),
    Kind(
        *(b"reporters", HASH, BUCKET),
        person=Kept(
            "standings",
            "fingerprint; how many of their reports were upheld and unfounded; a warning, a mute",
            "a year after their last decided report, or the end of the mute",
            _FORGET,
        ),
    ),
    Kind(
        *(b"budgets", HASH, BUCKET),
        person=Kept(
            "budgets",
            "fingerprint; when the person's reports brought about blocks",
            "a day after the last one",
            _FORGET,
        ),
    ),
    Kind(
        *(b"decided", HASH, BUCKET),
        person=Kept(
            "decisions to take back",
            "fingerprint; standing before and after; the rows that a clear took away",
            "a year after the last one",
            _FORGET,
        ),
    ),
    Kind(b"journal", LIST, CONVERTED, person=Kept("the journal for simulations", _REPORT, _WINDOW, _FORGET)),
    Kind(b"dead", STREAM, CONVERTED, person=Kept("dead letters", _REPORT, _WINDOW, _FORGET)),
    Kind(
        *(b"limits", STRING, ANY),
        lasting=False,
        person=Kept(
            "counters of limits", "fingerprint, or network tag, or id of an API key", "two minutes", "by itself"
        ),
    ),
    Kind(
        *(b"requests", STRING, ANY),
        lasting=False,
        person=Kept(
            "idempotency keys",
            "keyed digest of path, caller and key; keyed digest of the body",
            "a day",
            "by itself; without the whole request nobody can tell whose it was",
        ),
    ),
    Kind(
        *(b"erased", ZSET),
        person=Kept(
            "who was erased",
            "fingerprint, time of the erasure",
            "`QUORUM_BACKUP_DAYS`",
            "by itself; it keeps them erased when a backup is read back",
        ),
    ),
    Kind(
        b"audit",
        STREAM,
        person=Kept("the audit trail", "name and note of the moderator who decided", "none", "by hand"),
    ),
    Kind(
        b"deeds",
        STREAM,
        person=Kept(
            "what was done to accounts, keys, webhooks, shields and reporters",
            "name of the account that did it, or that it was done to; of who is muted 4 of 12 bytes of the fingerprint",
            "a thousand more of them",
            "by hand",
        ),
    ),
    Kind(
        *(b"appeals", HASH, BUCKET),
        person=Kept(
            "appeals",
            "fingerprint of the uploader, the text of the appeal; names and note of the moderators who decided",
            "`appeals.keep_days` of the policy after it was decided",
            _FORGET,
        ),
    ),
    Kind(b"appealed", ZSET),
    Kind(b"answered", ZSET),
    Kind(
        *(b"claims", STRING, rb":[0-9a-f]{32}"),
        lasting=False,
        person=Kept(
            "who looks at an image", "id and name of the moderator's key", "the minutes of the claim", "by itself"
        ),
    ),
    Kind(
        *(b"accounts", HASH),
        person=Kept(
            "accounts of people inside",
            "name, role, Argon2id hash of the password, issuer and subject of their sign-in service",
            "none",
            "by hand; disabled, it opens nothing",
        ),
    ),
    Kind(
        *(b"sessions", HASH, rb":[0-9a-f]{64}"),
        lasting=False,
        person=Kept(
            "sessions of people inside",
            "name; when it was opened and last used; label of the browser",
            "two hours without use, twelve in all",
            "`quorum accounts sessions NAME --close`",
        ),
    ),
    Kind(
        *(b"sessions_of", HASH, ANY),
        lasting=False,
        person=Kept(
            "whose sessions they are",
            "name of the account; ids of its sessions",
            "twelve hours after the last was opened",
            "`quorum accounts sessions NAME --close`",
        ),
    ),
    Kind(
        *(b"sign_ins", HASH, rb":[0-9a-f]{32}"),
        lasting=False,
        person=Kept(
            "passwords that were tried",
            "digests of name and network; how many",
            "half an hour after the last",
            "by itself",
        ),
    ),
    Kind(
        *(b"networks", STRING, rb":[0-9a-f]{32}"),
        lasting=False,
        person=Kept(
            "where people inside sign in from",
            "digest of name and network",
            "two weeks after the last time",
            "by itself",
        ),
    ),
    Kind(
        *(b"events", STREAM),
        person=Kept("events", "name of the moderator who decided", "`QUORUM_EVENT_RETENTION_SECONDS`", "by itself"),
    ),
    Kind(b"events", STRING, rb":trimmed"),
    Kind(b"webhooks", HASH, rb":(subscriptions|cursors|failing)"),
    Kind(b"webhooks", HASH, rb":[ -~]+:(queues|pings)"),
    Kind(b"webhooks", ZSET, rb":[ -~]+:due"),
    Kind(
        b"webhooks",
        STREAM,
        rb":[ -~]+:(log|dead)",
        person=Kept("deliveries", "the events", "as the events", "by itself"),
    ),
    Kind(b"webhooks", None, NAME),
    Kind(b"bus", STRING, rb":lease", lasting=False),
    Kind(b"bus", STRING, rb":cursor"),
    Kind(b"bus", None, NAME),
    Kind(b"bell", STRING, lasting=False),
    Kind(b"copies", HASH, BUCKET),
    Kind(b"aliases", HASH, BUCKET),
    Kind(b"bands", STRING, rb":\d{1,2}:\d{1,5}"),
    Kind(b"hashes", HASH, BUCKET),
    Kind(b"views", HASH, BUCKET),
    Kind(b"blocked", ZSET),
    Kind(b"held", ZSET),
    Kind(b"causes", HASH),
    Kind(b"stories", HASH, BUCKET),
    Kind(b"pending", ZSET),
    Kind(b"recent", LIST),
    Kind(b"shields", HASH),
    Kind(b"stats", HASH),
    Kind(b"days", HASH, rb":w?\d{1,5}"),
    Kind(b"meta", HASH, lasting=False),  # a backup tells it in its first line
    Kind(b"paused", STRING, lasting=False),
    Kind(b"api_keys", HASH),
    Kind(b"workers", ZSET, lasting=False),
    Kind(b"history", LIST),
    Kind(b"pulse", STRING, lasting=False),
)


def _by_head(kinds: Iterable[Kind]) -> dict[bytes, list[tuple[re.Pattern[bytes], Kind]]]:
    found = defaultdict(list)
    for kind in kinds:
        found[kind.head].append((re.compile(kind.rest, re.DOTALL), kind))
    return dict(found)


_KINDS_OF = _by_head(KINDS)
_PLACE = re.compile(rb":\{(0|[1-9]\d{0,3})\}:([a-z_]+)(.*)", re.DOTALL)


def kind_of(name: bytes, partitions: int) -> tuple[int, Kind] | None:
    """Return partition and kind of a key by what follows the namespace in its name; None when it is not quorum's."""
    place = _PLACE.fullmatch(name)
    if place and int(place[1]) < partitions:
        for rest, kind in _KINDS_OF.get(place[2], ()):
            if rest.fullmatch(place[3]):
                return int(place[1]), kind
    return None


def table() -> str:
    """Return what is kept of a person, as a table for the documentation."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield "| where | what | until | erased before by |"
    yield "|---|---|---|---|"
    for kind in KINDS:
        if kind.person:
            kept = kind.person
            yield f"| {kept.where} (`{kind.head.decode()}`) | {kept.what} | {kept.ends} | {kept.erased} |"
