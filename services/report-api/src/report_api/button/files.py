"""The files of the button, under names that never mean anything else: version and digest are in them.

The script lies once in `npm/`, which is the npm package as well. Pages that name an older one keep it: a release puts a
copy of the script that it replaces into `earlier/`, under the name by which it was served.
"""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

PACKAGE = "npm"
EARLIER = "earlier"
SOURCE = "quorum-report.js"
DIGEST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it is served: its bytes, and the same compressed."""

    content: bytes
    compressed: bytes

    @property
    def integrity(self) -> str:
        """What a page's `integrity` says of it (SRI): sha384 in base64."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.content).digest()).decode()


def served_name(version: str, content: bytes) -> str:
    """Return the name under which a script is served."""
    return f"quorum-report-{version}.{hashlib.sha256(content).hexdigest()[:DIGEST_DIGITS]}.js"


def scripts_in(folder: Traversable) -> dict[str, Script]:
    """Return the scripts in a folder such as this by the names under which they are served, the present one first."""
    package = folder / PACKAGE
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    content = (package / SOURCE).read_bytes()
    found = {served_name(version, content): _script(content)}
    earlier = folder / EARLIER
    if earlier.is_dir():
        found |= {one.name: _script(one.read_bytes()) for one in earlier.iterdir() if one.name.endswith(".js")}
    return found


@lru_cache(maxsize=1)
def scripts() -> dict[str, Script]:
    """Return the scripts of this release by the names under which they are served, the present one first."""
    return scripts_in(files(__package__))


def _script(content: bytes) -> Script:
    return Script(content, gzip.compress(content, 9, mtime=0))
