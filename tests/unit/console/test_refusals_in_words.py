"""Whatever is refused, people read why in their language: every text that the rest of quorum says of it is known."""

import ast
import re
from collections.abc import Iterator

import pytest
from conftest import ROOT
from flask import Flask

from console.words.refusals import NESTED, SHAPES, why

SOURCE = ROOT / "shared" / "src" / "quorum"
FILES = [
    *sorted(SOURCE.glob("policy/*.py")),
    *(SOURCE / "images" / "urls" / f"{name}.py" for name in ("address", "same", "templates")),
    *(SOURCE / "accounts" / f"{name}.py" for name in ("account", "passwords", "stored_accounts")),
    *(SOURCE / name for name in ("images/image.py", "people.py", "characters.py", "network/addresses.py")),
    *(SOURCE / name for name in ("moderation/decisions.py", "webhooks/urls.py")),
]
SAYS = {
    *("error", "ValueError", "PolicyError", "DecisionRefused", "WeakPassword"),
    *("InvalidImageId", "InvalidName", "InvalidAccount"),
}
NAMES, FUNCTIONS = {"problem", "mistake"}, {"_problem", "refusal"}
NOT_SHOWN = {
    "the subject must be the issuer, one blank and the subject there, at most 7 characters",  # at the keyboard only
    "what is stored of an account cannot be read: bring it back from a backup",
}
VALUE = "7"


def said(tree: ast.AST) -> Iterator[str]:
    """Yield what a module says of what it refuses, each value as VALUE."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield from text(node.args[-1]) if name in SAYS else ()
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMES:
            yield from text(node.value)
        if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS:
            for one in ast.walk(node):
                yield from text(one.value) if isinstance(one, ast.Return) and one.value else ()


def text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield "".join(VALUE if isinstance(part, ast.FormattedValue) else part.value for part in node.values)  # type: ignore[attr-defined]


SAID = sorted({one for file in FILES for one in said(ast.parse(file.read_text(encoding="utf-8")))} - NOT_SHOWN)


def test_there_is_something_to_look_at() -> None:
    assert len(SAID) > 60
    assert {one for file in FILES for one in said(ast.parse(file.read_text(encoding="utf-8")))} >= NOT_SHOWN


@pytest.mark.parametrize("one", SAID)
def test_what_is_said_is_known_by_its_own_shape(one: str) -> None:
    """A text that a wider one took first would be translated as something else."""
    own = re.sub(r"%\(\w+\)s", VALUE, first(one))
    nested = {name: value for name, value in values(one).items() if name in NESTED and value != VALUE}
    for name, value in nested.items():
        assert first(value), (one, name)
    assert own == one or nested, one


def first(one: str) -> str:
    found = next((wording for wording, shape in SHAPES.items() if shape.fullmatch(one)), None)
    assert found is not None, one
    return found


def values(one: str) -> dict[str, str]:
    found = SHAPES[first(one)].fullmatch(one)
    assert found
    return found.groupdict()


@pytest.mark.parametrize(
    ("tongue", "refused", "told"),
    [
        (
            "fr",
            "draft, line 3: reasons.spam: must be a number, not 'x'",
            "brouillon, ligne 3 : reasons.spam : doit être un nombre, et non 'x'",
        ),
        (
            "es",
            "only what is held or blocked can be upheld, and the image is open",
            "solo se puede confirmar lo retenido o bloqueado, y la imagen está abierta",
        ),
        ("ar", "must be at most 7 characters", "يجب ألا يزيد على \u20687\u2069 حرفًا"),
        ("fr", "what nobody ever said", "what nobody ever said"),
        (
            "en",
            "must hold networks such as \"203.0.113.0/24\": 'x' is none",
            "must hold networks such as \"203.0.113.0/24\": 'x' is none",
        ),
    ],
)
def test_it_is_told_in_the_language_of_the_page(tongue: str, refused: str, told: str) -> None:
    app = Flask(__name__)
    app.secret_key = "of a test"
    with app.test_request_context(f"/?lang={tongue}"):
        assert why(refused) == told


def test_what_is_long_beyond_measure_is_told_as_it_is() -> None:
    """A key of a draft may be made to be looked at for minutes."""
    hostile = "draft: x: " + " and : " * 30_000
    with Flask(__name__).test_request_context("/"):
        assert why(hostile) == hostile
