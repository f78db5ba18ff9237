"""Runs the `.lua` files beside this module by their digest, loading one into the server when it is not there."""

from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError


class Script:
    """One atomic act, named after its file."""

    def __init__(self, name: str) -> None:
        self.source = files("quorum.redis_store").joinpath("lua", f"{name}.lua").read_text()
        self._digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Redis, keys: tuple[str, ...], args: tuple[Any, ...]) -> Any:
        """Run the script; the first call on a fresh server sends the source (an EVAL loads it, too)."""
        try:
            return client.evalsha(self._digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.source, len(keys), *keys, *args)
