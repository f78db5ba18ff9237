"""The snippets that docs/tokens.md gives to sites: each mints what the API accepts, and nothing else is accepted."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, TOKEN_SECRET
from jwt.utils import base64url_encode

from quorum.errors import InvalidToken
from quorum.people import Person
from quorum.reporters.token_keys import read_token_keys
from quorum.reporters.tokens import Subject, TokenReader

DAY = 86_400
SNIPPETS = ROOT / "docs" / "snippets"
RUNTIMES = {"mint_token.py": sys.executable, "mint_token.php": "php", "mint_token.mjs": "node"}


def mint(snippet: str, *arguments: str, **env: str) -> str:
    runtime = shutil.which(RUNTIMES[snippet])
    if runtime is None:
        pytest.skip(f"{RUNTIMES[snippet]} is not installed")
    done = subprocess.run(
        [runtime, str(SNIPPETS / snippet), *arguments],
        env={**os.environ, "QUORUM_TOKEN_SECRET": TOKEN_SECRET, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert not done.stderr
    return done.stdout.strip()


@pytest.mark.runs("docs/tokens.md", "python", "php", "js")
@pytest.mark.parametrize("snippet", RUNTIMES)
def test_a_snippet_mints_what_the_api_accepts(snippet: str, tmp_path: Path) -> None:
    reader = TokenReader(read_token_keys(TOKEN_SECRET, None), "quorum")
    assert reader.subject(mint(snippet, "reader-é/1"), DAY) == Subject(Person("reader-é/1"))
    with pytest.raises(InvalidToken):
        reader.subject(mint(snippet, "reader-1", "another audience"), DAY)
    with pytest.raises(InvalidToken):
        reader.subject(mint(snippet, "reader-1", QUORUM_TOKEN_SECRET="another secret of the right length"), DAY)
    made = int(time.time()) - 3600
    assert reader.subject(mint(snippet, "reader-1", "quorum", str(made)), DAY) == Subject(Person("reader-1"), made)
    with pytest.raises(InvalidToken, match=r"its since is in milliseconds; .* divide it by 1000"):
        reader.subject(mint(snippet, "reader-1", "quorum", str(made * 1000)), DAY)
    keys = tmp_path / "keys.json"
    key = {"kid": "2026", "kty": "oct", "k": base64url_encode(TOKEN_SECRET.encode()).decode()}
    keys.write_text(json.dumps({"keys": [key]}))
    rotating = TokenReader(read_token_keys("", keys), "quorum")
    assert rotating.subject(mint(snippet, "reader-1", KEY_ID="2026"), DAY) == Subject(Person("reader-1"))
    with pytest.raises(InvalidToken):
        rotating.subject(mint(snippet, "reader-1", KEY_ID="2025"), DAY)


def test_the_documentation_shows_the_snippets_as_they_are() -> None:
    shown = re.findall(r"^```\w+\n(.*?)^```$", (ROOT / "docs" / "tokens.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown == [(SNIPPETS / name).read_text() for name in RUNTIMES]
