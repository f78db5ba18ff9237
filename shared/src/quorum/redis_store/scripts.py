"""Runs the `.lua` files beside this module by their digest, loading one into the server when it is not there."""

from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

_LUA = files("quorum.redis_store").joinpath("lua")


class Script:
    """One atomic act, named after its file; `shared` names files that are put in front of it."""

    def __init__(self, name: str, *shared: str) -> None:
        self.source = "\n".join(_LUA.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (*shared, name))
        self._digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Any, keys: tuple[str, ...], args: tuple[Any, ...]) -> Any:
        """Run the script; the first call on a fresh server sends the source (an EVAL loads it, too)."""
        try:
            # by its name, since a cluster's pipeline refuses the method
            return client.execute_command("EVALSHA", self._digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.source, len(keys), *keys, *args)
