"""The script of the button: small, whole, and named and hashed as the documentation says."""

import gzip
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from conftest import ROOT, claimed_app, make_settings
from flask.testing import FlaskClient

from quorum.policy.model import LANGUAGES
from report_api.button.files import scripts, scripts_in, served_name

MOST_BYTES = 6000
BUTTON = ROOT / "services/report-api/src/report_api/button"
PACKAGE = BUTTON / "npm"
SOURCE = (PACKAGE / "quorum-report.js").read_text(encoding="utf-8")


@pytest.fixture
def client() -> FlaskClient:
    return claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None).test_client()


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SOURCE.encode(), 9)) <= MOST_BYTES


def test_the_documentation_names_the_script_that_is_served_and_its_hash() -> None:
    name, script = next(iter(scripts().items()))
    page = (ROOT / "docs" / "button.md").read_text(encoding="utf-8")
    wanted = f'  src="https://quorum.example.org/button/{name}"\n  integrity="{script.integrity}"></script>'
    assert wanted in page, f"docs/button.md wants:\n{wanted}"


def test_guides_and_plugin_name_the_same() -> None:
    name, script = next(iter(scripts().items()))
    plugin = ROOT / "deploy/wordpress/quorum-report/quorum-report.php"
    named = {path: path.read_text(encoding="utf-8") for path in [*(ROOT / "docs/sites").glob("*.md"), plugin]}
    shown = {path.name for path, text in named.items() if re.search(r"quorum-report-\d", text)}
    assert shown == {"plain-html.md", "php.md", "python.md", "node.md", "quorum-report.php"}
    for path, text in named.items():
        assert set(re.findall(r"quorum-report-\d[\w.]+\.js", text)) <= {name}, path.name
        assert set(re.findall(r"sha384-[\w+/]+", text)) <= {script.integrity}, path.name


def test_the_package_can_be_published() -> None:
    package = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert package["license"] == "Apache-2.0"
    for name in (*package["files"], package["main"], package["types"], "README.md"):
        assert (PACKAGE / name).is_file()
    assert SOURCE.startswith(f"// quorum-report {package['version']}, {package['license']}.")
    assert "dependencies" not in package
    assert "scripts" not in package


def test_every_language_of_the_api_has_every_text() -> None:
    [names] = re.findall(r'^const NAMES = "([\w ]+)"', SOURCE, re.MULTILINE)
    tables = dict(re.findall(r"^  (\w\w): `(.+?)`", SOURCE, re.MULTILINE | re.DOTALL))
    assert tables.keys() == set(LANGUAGES)
    for lines in tables.values():
        assert len(lines.split("\n")) == len(names.split())
        assert all(lines.split("\n"))
        assert lines.count("{when}") == 1
    declared = (PACKAGE / "quorum-report.d.ts").read_text(encoding="utf-8")
    told = (ROOT / "docs" / "button.md").read_text(encoding="utf-8")
    for name in (*names.split(), "thanks", "reasons"):
        assert re.search(rf"^  {name}\?:", declared, re.MULTILINE)
        assert f"`{name}`" in told


@pytest.mark.parametrize(
    "form", [r"\binnerHTML\b", r"\bouterHTML\b", r"insertAdjacentHTML", r"\beval\(", "import ", r"\.src ="]
)
def test_nothing_in_it_needs_a_looser_policy(form: str) -> None:
    assert not re.search(form, SOURCE)


def test_custom_properties_and_parts_are_told() -> None:
    for page in (ROOT / "docs" / "button.md", PACKAGE / "README.md"):
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"--quorum-[a-z-]+", SOURCE):
            assert f"`{name}`" in text
        for name in {*re.findall(r'part: "(\w+)"', SOURCE), *re.findall(r'act\("(\w+)"', SOURCE)}:
            assert f"`{name}`" in text


def test_it_is_served_for_ever_to_pages_of_every_origin(client: FlaskClient) -> None:
    name, script = next(iter(scripts().items()))
    for asked in (
        {},
        {"Accept-Encoding": "gzip, br"},
        {"Accept-Encoding": "gzip;q=0"},
        {"Origin": "https://any.example"},
    ):
        answer = client.get(f"/button/{name}", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        zipped = answer.headers.get("Content-Encoding") == "gzip"
        assert zipped is ("gzip, br" in asked.values())
        assert (gzip.decompress(answer.data) if zipped else answer.data) == script.content == SOURCE.encode()


@pytest.mark.parametrize(
    "name", ["quorum-report.js", "package.json", "../files.py", "quorum-report-0.0.1.0123456789ab.js"]
)
def test_nothing_else_is_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/button/{name}").status_code == 404


def test_the_name_says_what_is_in_it() -> None:
    assert served_name("1.2.3", b"x") == f"quorum-report-1.2.3.{hashlib.sha256(b'x').hexdigest()[:12]}.js"
    for name, script in scripts().items():
        version = name.removeprefix("quorum-report-").split(".")[:3]
        assert name == served_name(".".join(version), script.content)


def test_earlier_scripts_go_on_being_served(tmp_path: Path) -> None:
    (tmp_path / "npm").mkdir()
    (tmp_path / "earlier").mkdir()
    (tmp_path / "npm" / "package.json").write_text('{"version": "2.0.0"}')
    (tmp_path / "npm" / "quorum-report.js").write_bytes(b"new")
    old = served_name("1.0.0", b"old")
    (tmp_path / "earlier" / old).write_bytes(b"old")
    (tmp_path / "earlier" / "notes.txt").write_bytes(b"no script")
    found = scripts_in(tmp_path)
    assert list(found) == [served_name("2.0.0", b"new"), old]
    assert found[old].content == b"old"


def test_the_script_is_part_of_the_installed_package() -> None:
    assert files("report_api.button").joinpath("npm", "quorum-report.js").read_bytes() == SOURCE.encode()
