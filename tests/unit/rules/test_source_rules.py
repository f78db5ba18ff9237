"""Rules that every source file keeps, for what breaks only on another machine."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

PRODUCT = ("shared/src", "services/report-api/src", "services/worker/src", "deploy", "docs/snippets", "shared/clients")
TEXT_CALLS = {"read_text", "write_text"}


def sources(*folders: str) -> list[Path]:
    return [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in str(path)
    ]


def test_no_module_is_named_like_one_of_the_standard_library() -> None:
    """Run as a script, its directory comes first on Python's path, and such a module is taken for the library's."""
    places = [path for path in sources(*PRODUCT, "tests") if path.name not in {"__init__.py", "__main__.py"}]
    names = {path: path.stem for path in places} | {path.parent: path.parent.name for path in places}
    assert [path for path, name in names.items() if name in sys.stdlib_module_names] == []
    assert len(names) > 100


def unspecified(tree: ast.AST) -> list[int]:
    """Return the lines that read or write text in the encoding of whatever terminal it happens to be."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_unspecified(node)]


def _is_unspecified(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    words = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in words:
        return False
    if name == "run" and ("text" in words or "universal_newlines" in words):
        return True
    texts = [part.value for part in (*call.args, *words.values()) if isinstance(part, ast.Constant)]
    modes = [text for text in texts if isinstance(text, str) and text and set(text) <= set("rwaxtb+")]
    opens = name in {"open", "fdopen"} and not any("b" in mode for mode in modes) and _opens_a_file(call, modes)
    return name in TEXT_CALLS or opens


def _opens_a_file(call: ast.Call, modes: list[str]) -> bool:
    """Tell files from other things that are opened: by a mode, by the plain name, or by the lack of any argument."""
    return bool(modes) or isinstance(call.func, ast.Name) or not (call.args or call.keywords)


@pytest.mark.parametrize("path", sources(*PRODUCT), ids=lambda path: str(path.relative_to(ROOT)))
def test_text_is_read_and_written_as_utf_8(path: Path) -> None:
    assert unspecified(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("path.read_text()", True),
        ("path.open()", True),
        ("path.open('w')", True),
        ("open(path)", True),
        ("os.fdopen(handle, 'w')", True),
        ("subprocess.run(words, text=True)", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.open('rb')", False),
        ("os.fdopen(handle, 'wb')", False),
        ("os.open(path, os.O_RDONLY)", False),
        ("client.open(url, timeout=3)", False),
    ],
)
def test_the_rule_finds_what_it_is_for(code: str, found: bool) -> None:  # noqa: FBT001
    assert bool(unspecified(ast.parse(code))) is found


def test_nothing_that_is_kept_is_a_link() -> None:
    """A link points at a place that is there on one machine alone."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []
