"""Which commands each service needs of Redis: what `deploy/redis/users.acl` permits, and what is looked for at start.

Whether a command is permitted is asked without running it: Redis looks at permissions when a command is queued in a
transaction, and this one is discarded. That works for every command and every server, without any right to read access
control lists.
"""

from collections.abc import Iterator
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from quorum.errors import PermanentError, StoreUnavailable
from quorum.store.cluster import is_cluster, servers
from quorum.store.command_forms import written
from quorum.store.connection import translated_errors
from quorum.store.denials import denied
from quorum.store.keys import keys_of
from quorum.store.scripts import commands_of
from quorum.tally.drain import DRAIN

API, CONSOLE, STREAM, WORKER, ADMIN = "api", "console", "stream", "worker", "admin"
SERVICES = (API, CONSOLE, STREAM, WORKER, ADMIN)

_CONNECTION = ("AUTH", "ECHO", "HELLO", "PING", "SELECT")
_CLUSTER = ("CLUSTER SHARDS", "CLUSTER SLOTS", "CLUSTER NODES", "COMMAND", "READONLY", "READWRITE", "ASKING")
STORY = ("CONFIG GET", "DBSIZE", "INFO")  # what only tells how Redis is doing
_TRANSACTION = ("MULTI", "EXEC", "DISCARD", "EVAL", "EVALSHA")
_LOOKING = (
    *("EXISTS", "GET", "HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "LINDEX", "LLEN", "LRANGE", "MGET"),
    *(
        "TIME",
        "TTL",
        "PTTL",
        "TYPE",
        "XLEN",
        "XRANGE",
        "XREAD",
        "XREVRANGE",
        "ZCARD",
        "ZCOUNT",
        "ZRANGE",
        "ZRANGEBYSCORE",
    ),
    *("ZREVRANGE", "ZREVRANGEBYSCORE", "ZSCORE", "ZMSCORE"),
)
_WRITING = (
    *("DEL", "EXPIRE", "HDEL", "HINCRBY", "HSET", "HSETNX", "LTRIM", "PEXPIRE", "RPUSH", "SET", "UNLINK"),
    *("XADD", "XDEL", "ZADD", "ZREM"),
)
_RINGING = ("LPUSH", "SADD", "SMEMBERS", "SREM")  # what kombu does to publish
_HEARING = ("BRPOP", "RPOP", "SCRIPT LOAD", "UNWATCH", "WATCH", *_RINGING)  # and to consume; it loads its script itself
_BY_HAND = ("SCAN", "UNWATCH", "WATCH")  # `quorum forget`, `quorum reporters mute`
_GROUPS = ("XACK", "XAUTOCLAIM", "XGROUP CREATE", "XPENDING", "XREADGROUP")  # `quorum.consume`
_KEEPING = ("CLIENT PAUSE", "CLIENT UNPAUSE", "DUMP", "RENAME", "RESTORE", "SCAN")  # backup, restore, migration

ACCOUNTS = (  # `quorum accounts`
    *("accounts/change", "accounts/close_all", "accounts/closing", "accounts/find", "accounts/open"),
    *("accounts/throttling/count", "accounts/throttling/forgive"),
)

_SCRIPTED = {
    API: (
        *(
            "inbox/append",
            "reporters/claim_pepper",
            "reporters/looks",
            "moderation/decide",
            "moderation/appeals/lists",
            "moderation/appeals/keep",
            "moderation/claims",
            "judgement/waiting",
            "judgement/stories",
            "judgement/figures/days",
            "retention/erase",
            "retention/erase_letters",
            "retention/erase_appeals",
            "judgement/records",
            "inbox/replay",
            "moderation/shields",
        ),
        *("webhooks/add", "webhooks/change"),
        *ACCOUNTS,
    ),
    CONSOLE: (
        *("reporters/claim_pepper", "moderation/decide", "moderation/claims", "moderation/shields"),
        *("judgement/waiting", "judgement/stories", "judgement/figures/days", "judgement/records"),
        *("webhooks/add", "webhooks/change", "webhooks/queue"),
        *ACCOUNTS,
    ),
    STREAM: ("reporters/claim_pepper",),
    WORKER: (
        *(
            "events/bus_advance",
            "events/bus_lease",
            "events/bus_release",
            "tally/compact",
            "judgement/stories",
            *DRAIN,
            "judgement/records",
            "retention/expire",
            "moderation/shields",
            "moderation/appeals/lists",
            "moderation/appeals/keep",
            "telemetry/swept",
        ),
        *("events/trim", "webhooks/change", "webhooks/claim", "webhooks/queue", "webhooks/settle"),
    ),
    ADMIN: (
        *("retention/erase", "retention/erase_letters", "retention/erase_appeals", "judgement/records"),
        *ACCOUNTS,
    ),
}
_CALLED = {
    API: (
        *_TRANSACTION,
        *_LOOKING,
        *_WRITING,
        *_RINGING,
        *_GROUPS,
        "LREM",
        "SCAN",
        "UNWATCH",
        "WATCH",  # these four for `quorum ...` there
        "ZSCAN",
    ),
    CONSOLE: (*_TRANSACTION, *_LOOKING, *_WRITING, "SCAN", "UNWATCH", "WATCH", "ZSCAN"),
    STREAM: (*_TRANSACTION, *_LOOKING, "HSET", "HSETNX"),
    WORKER: (*_TRANSACTION, *_LOOKING, *_WRITING, *_HEARING),
    ADMIN: (*_TRANSACTION, *_LOOKING, *_WRITING, *_GROUPS, *_KEEPING, "LREM", "ZSCAN"),  # who was erased stays so
}
_NOT_QUEUED = frozenset(("MULTI", "EXEC", "DISCARD", "UNWATCH", "WATCH"))  # they begin, end or guard a transaction


class PermissionsMissing(PermanentError):
    """Redis does not permit what a service cannot do without."""


def needed(service: str) -> list[str]:
    """Return the commands without which a service does not do its work."""
    return sorted(set(_CALLED[service]).union(*map(commands_of, _SCRIPTED[service])))


def missing(client: Redis, namespace: str, service: str) -> tuple[list[str], list[str]]:
    """Return what Redis denies of what a service needs, and of what only tells how Redis is doing.

    Of a cluster those servers are asked that answer. Raises StoreUnavailable.
    """
    key = keys_of(namespace, 0).meta
    asked = needed(service)
    with translated_errors():
        asked_servers = servers(client)
    refused: set[str] = set()
    for server in asked_servers:
        try:
            with translated_errors():
                refused |= set(_refused(server, key, [*asked, *STORY]))
        except StoreUnavailable:
            if not is_cluster(client):
                raise  # in a cluster services start without one server, and its partitions wait
    return [command for command in asked if command in refused], [one for one in STORY if one in refused]


def check_permissions(client: Redis, namespace: str, service: str) -> None:
    """Raise PermissionsMissing when a service would fail in the midst of its work; StoreUnavailable."""
    lacking, _ = missing(client, namespace, service)
    if lacking:
        raise PermissionsMissing(
            f"Redis does not permit this user what the {service} needs: {', '.join(lacking)}; "
            "deploy/redis/users.acl has a user for each service"
        )


def users_file() -> str:
    """Return deploy/redis/users.acl."""
    services = (
        f"user quorum-{service} on >REDIS_{service.upper()}_PASSWORD resetkeys ~quorum:* resetchannels -@all "
        + " ".join(f"+{command.lower().replace(' ', '|')}" for command in _permitted(service))
        for service in SERVICES
    )
    return "\n".join(["user default on >REDIS_PASSWORD ~* &* +@all", *services]) + "\n"


def _permitted(service: str) -> list[str]:
    return sorted({*needed(service), *STORY, *_CONNECTION, *_CLUSTER})


def _refused(server: Redis, key: str, commands: list[str]) -> Iterator[str]:
    """Yield the commands that one server denies. None of them is run: all are queued, and never executed."""
    pool: Any = server.connection_pool
    connection = pool.get_connection()
    try:
        for words in (("WATCH", key), ("UNWATCH",), ("MULTI",), ("EXEC",), ("MULTI",), ("DISCARD",), ("MULTI",)):
            if _denies(connection, words):
                yield words[0]
                if words[0] == "MULTI":
                    return  # without a transaction, the commands would be executed
        for command in commands:
            if command not in _NOT_QUEUED and _denies(connection, written(command, key)):
                yield command
    finally:
        connection.disconnect()  # which discards what was queued
        pool.release(connection)


def _denies(connection: Any, words: tuple[str, ...]) -> bool:
    connection.send_command(*words)
    try:
        connection.read_response()
    except ResponseError as error:
        return denied(error) is not None
    return False
