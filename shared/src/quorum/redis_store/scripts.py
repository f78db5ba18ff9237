"""Runs the `.lua` files beside this module by their digest, loading one into the server when it is not there."""

import re
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from quorum.redis_store.command_forms import written

_LUA = files("quorum.redis_store").joinpath("lua")

_KEY = "KEYS[1]"
_CALLED = re.compile(r"\bp?call\(\s*['\"]([A-Z]+)['\"]")
# What is denied in the middle of a script would leave half of it done. Redis 6.2 cannot be asked; there a service looks
# when it starts (`permissions.py`).
_GUARD = """\
if redis.acl_check_cmd then
  for _, call in ipairs({{{calls}}}) do
    if not redis.acl_check_cmd(unpack(call)) then
      return redis.error_reply("NOPERM no permissions to run the '" .. call[1] .. "' command in a script")
    end
  end
end
"""


def commands_of(name: str) -> set[str]:
    """Return the commands that a script calls."""
    return set(_CALLED.findall(_text(name)))


def _as_lua(command: str) -> str:
    words = written(command, _KEY)
    return "{" + ", ".join("KEYS[1]" if word == _KEY else f"'{word}'" for word in words) + "}"


def _text(name: str) -> str:
    return _LUA.joinpath(f"{name}.lua").read_text(encoding="utf-8")


class Script:
    """One atomic act, named after its file; `shared` names files that are put in front of it."""

    def __init__(self, name: str, *shared: str) -> None:
        parts = (*shared, name)
        commands = sorted(set().union(*map(commands_of, parts)))
        guard = _GUARD.format(calls=", ".join(map(_as_lua, commands)))
        self.source = "\n".join([guard, *map(_text, parts)])
        self._digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Any, keys: tuple[str, ...], args: tuple[Any, ...]) -> Any:
        """Run the script; the first call on a fresh server sends the source (an EVAL loads it, too)."""
        try:
            # by its name, since a cluster's pipeline refuses the method
            return client.execute_command("EVALSHA", self._digest, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self.source, len(keys), *keys, *args)
