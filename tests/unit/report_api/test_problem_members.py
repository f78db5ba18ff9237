"""Every member that a problem document is given is documented."""

import ast

from conftest import ROOT

from quorum.schemas.problems import ProblemSchema

NOT_OF_THE_BODY = {"headers", "told"}


def test_problems_have_only_members_that_their_schema_documents() -> None:
    given = {
        keyword.arg
        for path in (ROOT / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "problem"
        for keyword in node.keywords
        if keyword.arg
    } - NOT_OF_THE_BODY
    assert "first" in given
    assert given <= set(ProblemSchema().fields)
