"""Runs scripts by their digest, loading one into the server when it is not there.

A script is put together from named parts: `.lua` files that lie beside the Python that calls them.
"""

import re
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from quorum.store.command_forms import written

_ROOMS = files("quorum")

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


def commands_of(part: str) -> set[str]:
    """Return the commands that a part of a script calls."""
    return set(_CALLED.findall(_text(part)))


def _as_lua(command: str) -> str:
    words = written(command, _KEY)
    return "{" + ", ".join("KEYS[1]" if word == _KEY else f"'{word}'" for word in words) + "}"


def _text(part: str) -> str:
    return _ROOMS.joinpath(f"{part}.lua").read_text(encoding="utf-8")


class Script:
    """One atomic act, made of parts in their order: `room/name` is the file `quorum/room/name.lua`."""

    def __init__(self, *parts: str) -> None:
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
