"""Makes the package `quorum_client` out of `quorum.client` and the modules of `quorum` that it stands on.

So there is one source, tested as part of the server, and a distribution that brings none of the server: what the client
imports, directly or not, is found by reading its imports, and is copied under the other name. A source distribution
holds what was made, and a wheel can be built from it elsewhere.
"""

import ast
import re
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE, MADE = "quorum", "quorum_client"
CLIENT = f"{SOURCE}.client"
_NAME = re.compile(rf"\b(?:{CLIENT}|{SOURCE})\b")


class ClientBuildHook(BuildHookInterface[Any]):
    """Adds the package to what is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the package, unless this is an unpacked source distribution, which has it. `version` is of the build."""
        if version == "editable":
            raise RuntimeError("the client is made when it is built: install it without --editable")
        here = Path(self.root)
        made, sources = here / MADE, here.parents[1] / "src"
        if not made.is_dir():
            self._made = tempfile.TemporaryDirectory()
            made = Path(self._made.name) / MADE
            make(sources, made)
        build_data["force_include"][str(made)] = MADE


def make(sources: Path, target: Path) -> None:
    """Write the package that stands for `quorum.client` of a folder of sources."""
    for module in sorted(needed(sources)):
        path = _path(sources, module)
        parts = module.removeprefix(CLIENT if module.startswith(CLIENT) else SOURCE).split(".")[1:]
        place = (
            target.joinpath(*parts, "__init__.py")
            if path.stem == "__init__"
            else target.joinpath(*parts).with_suffix(".py")
        )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(renamed(path.read_text(encoding="utf-8")), encoding="utf-8")
    (target / "py.typed").touch()


def needed(sources: Path) -> set[str]:
    """Return the modules of `quorum` without which the client cannot be imported, but for `quorum` itself."""
    found, waiting = set[str](), [CLIENT]
    while waiting:
        module = waiting.pop()
        if module in found or module == SOURCE:
            continue
        found.add(module)
        waiting.append(module.rpartition(".")[0])
        waiting += [one for one in _imported(_path(sources, module)) if _path(sources, one).is_file()]
    return found


def renamed(text: str) -> str:
    """Return a module that imports under the other name; all else, such as types of events, stays as it is."""
    lines = text.splitlines(keepends=True)
    for node in _imports(text):
        lines[node.lineno - 1] = _NAME.sub(MADE, lines[node.lineno - 1], count=1)
    return "".join(lines)


def _imported(path: Path) -> list[str]:
    """Return what a module may import of `quorum`: modules, and what may be modules."""
    names = []
    for node in _imports(path.read_text(encoding="utf-8")):
        names += [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
    return names


def _imports(text: str) -> list[ast.ImportFrom]:
    """Return the statements that import from `quorum`. Raises ValueError for a form that nobody would rename."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import) and any(one.name.split(".")[0] == SOURCE for one in node.names):
            raise ValueError(f"line {node.lineno}: import names from {SOURCE} instead")
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == SOURCE:
            found.append(node)
    return found


def _path(sources: Path, module: str) -> Path:
    place = sources.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
