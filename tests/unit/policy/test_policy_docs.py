"""The table in docs/policy.md states every field of the default policy, with its default."""

import re
import tomllib
from importlib.resources import files
from typing import Any

from conftest import ROOT


def test_the_table_of_rules_is_that_of_the_default_file() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \|", (ROOT / "docs" / "policy.md").read_text(), re.MULTILINE))
    stated = {name: default.strip() for name, default in rows.items()}
    default = tomllib.loads(files("quorum.policy").joinpath("default.toml").read_text())
    reasons, categories = default.pop("reasons"), default.pop("categories")
    for name, value in flat(default):
        written = str(value).lower() if isinstance(value, bool) else str(value)
        assert stated.pop(name) == written, name
    assert stated.pop("categories") == f"{len(categories)}"
    assert stated.pop("reasons") == f"{len(reasons)}, 1.0 each"
    assert {reason["weight"] for reason in reasons.values()} == {1.0}
    urls = {"urls.keep_query": "all", "urls.drop_query": "none", "urls.same": "none"}
    assert stated == {"images": "none", "laws": "none", "protected": "false", "pictures.url_template": "none", **urls}


def flat(table: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        found += (
            [(f"{name}.{inner}", one) for inner, one in value.items()] if isinstance(value, dict) else [(name, value)]
        )
    return found
