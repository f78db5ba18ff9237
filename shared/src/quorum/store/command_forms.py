"""How commands of Redis are written, so that one can ask whether they are permitted."""

# How many arguments a command has at least, its key among them, where that is not the key alone; 0: it has no key.
_ARGUMENTS = {
    **dict.fromkeys(("DBSIZE", "INFO", "PING", "TIME"), 0),
    **dict.fromkeys(("HEXISTS", "HGET", "HMGET", "LINDEX", "RPUSH", "LPUSH", "SADD", "SREM", "ZREM", "ZSCAN"), 2),
    **dict.fromkeys(("HDEL", "SET", "EXPIRE", "PEXPIRE", "BRPOP", "XDEL", "ZSCORE", "ZMSCORE"), 2),
    **dict.fromkeys(
        ("HINCRBY", "HSET", "HSETNX", "LREM", "LTRIM", "LRANGE", "XRANGE", "XREVRANGE", "ZADD", "ZCOUNT"), 3
    ),
    **dict.fromkeys(("ZRANGE", "ZRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE", "ZREMRANGEBYSCORE", "RESTORE"), 3),
    "XACK": 3,
    "XADD": 4,
}
_WRITTEN = {  # those whose key is not their first argument, and those whose arguments are looked at
    "CONFIG GET": ("CONFIG", "GET", "maxmemory"),
    "CLIENT PAUSE": ("CLIENT", "PAUSE", "0", "WRITE"),
    "CLIENT UNPAUSE": ("CLIENT", "UNPAUSE"),
    "RENAME": ("RENAME", "{key}", "{key}"),
    "SCAN": ("SCAN", "0"),
    "EVAL": ("EVAL", "return 1", "1", "{key}"),
    "EVALSHA": ("EVALSHA", "0" * 40, "1", "{key}"),
    "XREAD": ("XREAD", "STREAMS", "{key}", "0"),
    "XREADGROUP": ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "{key}", ">"),
    "XGROUP CREATE": ("XGROUP", "CREATE", "{key}", "g", "$"),
    "XPENDING": ("XPENDING", "{key}", "g"),
    "XAUTOCLAIM": ("XAUTOCLAIM", "{key}", "g", "c", "0", "0"),
}


def written(command: str, key: str) -> tuple[str, ...]:
    """Return a well-formed call of a command on a key, for a question about permission: it is never executed."""
    if command in _WRITTEN:
        return tuple(key if word == "{key}" else word for word in _WRITTEN[command])
    count = _ARGUMENTS.get(command, 1)
    return (command, *([key, *["1"] * (count - 1)] if count else ()))
