"""The page of operations tells of every trouble that a test is marked with."""

from conftest import ROOT
from troubles import table, with_table


def test_the_table_of_troubles_is_that_of_the_tests() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert page == with_table(page)
    assert table().count("\n") > 20
