"""The guides for backends: the code of each page, run as it stands; a reader reports, a picture is blocked."""

import importlib.util
import shutil
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from blocks import blocks_in
from browser import window
from client_drivers import CLIENTS, slim_environment
from conftest import ROOT
from guide_site import GuideSite, part, report, wait_for_reports
from guides import files_of
from playwright.sync_api import Page, expect
from redis_server import wait_until

pytestmark = [pytest.mark.xdist_group("sites"), pytest.mark.slow, pytest.mark.timeout(200)]

FLASK = ("flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker", "jwt")
SIGN_IN = {  # what the site has already: it knows who is signed in
    "php": "<?php session_start(); $_SESSION['reader'] = $_GET['as'];",
    "node": 'export const readerOf = ({ headers }) => /reader=([\\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? null;\n',
    "python": "import os\nfrom wsgiref.simple_server import make_server\nfrom flask import request\n"
    "from app import app, session\n\n\n"
    "@app.get('/sign-in')\ndef sign_in():\n    session['reader'] = request.args['as']\n    return 'hello'\n\n\n"
    "make_server('127.0.0.1', int(os.environ['PORT']), app).serve_forever()\n",
}


def php(site: GuideSite, place: Path) -> AbstractContextManager[None]:
    """Serve the PHP guide: its pages, and the process that keeps the blocklist."""
    site.write("php.md", place)
    (place / "vendor").mkdir()
    (place / "vendor" / "autoload.php").write_text(f"<?php require '{CLIENTS}/php/autoload.php';")
    (place / "sign-in.php").write_text(SIGN_IN["php"])
    for name in files_of("php.md"):
        subprocess.run(["php", "-l", name], cwd=place, check=True, capture_output=True, timeout=30)
    return site.served(["php", "-d", "display_errors=1", "-S", f"127.0.0.1:{site.port}", "-t", str(place)], place)


def python(site: GuideSite, place: Path) -> AbstractContextManager[None]:
    """Serve the Python guide with what it says that it stands on, and nothing else."""
    site.write("python.md", place)
    (place / "serve.py").write_text(SIGN_IN["python"])
    interpreter = slim_environment(place)
    lent = place / "lent"
    for name in FLASK:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        (lent / name).symlink_to(Path(spec.origin).parent)
    return site.served([str(interpreter), "serve.py"], place)


def node(site: GuideSite, place: Path) -> AbstractContextManager[None]:
    """Serve the Node guide, whose command installs the client from the checkout."""
    site.write("node.md", place)
    (place / "quorum").symlink_to(ROOT)
    (place / "session.mjs").write_text(SIGN_IN["node"])
    install(place, "docs/sites/node.md")
    return site.served(["node", "server.mjs"], place)


def install(place: Path, page: str) -> None:
    """Run the command of a guide that installs from a checkout; nothing of it is to be fetched."""
    [command] = blocks_in(page, "sh")
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "npm_config_offline": "true", "npm_config_cache": str(place / "npm")}
    subprocess.run(["bash", "-ec", command.text], cwd=place, env=env, check=True, capture_output=True, timeout=60)


BACKENDS = {"php": (php, "/quorum-token.php"), "python": (python, "/quorum-token"), "node": (node, "/quorum-token")}


@pytest.fixture(params=BACKENDS)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which({"python": "python3"}.get(name, name)) is None:
        pytest.skip(f"{name} is not installed")
    return name


def sign_in(page: Page, site: GuideSite, language: str, reader: str) -> None:
    if language == "node":
        page.context.add_cookies([{"name": "reader", "value": reader, "url": site.url}])
    else:
        path = {"php": "/sign-in.php", "python": "/sign-in"}[language]
        page.goto(f"{site.url}{path}?as={reader}")


@pytest.mark.runs("docs/sites/php.md")
@pytest.mark.runs("docs/sites/python.md")
@pytest.mark.runs("docs/sites/node.md")
def test_a_reader_reports_and_a_blocked_picture_is_left_out(
    language: str, guide_site: GuideSite, tmp_path: Path, reader: str
) -> None:
    serve, token_path = BACKENDS[language]
    with serve(guide_site, tmp_path), window() as opened:
        page = opened.page
        assert guide_site.get(token_path)[0] == 401
        sign_in(page, guide_site, language, reader)
        page.goto(guide_site.url)
        assert page.locator("img").count() == 2
        report(page, "boats")
        assert wait_for_reports(guide_site, "boats", 1).score == 1  # of one who is known, not of an address
        guide_site.client.report("boats", "spam", reader)  # the same person, as the backend names them
        guide_site.block("boats")
        assert wait_for_reports(guide_site, "boats", 6).blocked
        keep = ["php", "keep-blocklist.php"] if language == "php" else None
        keeper = subprocess.Popen(keep, cwd=tmp_path, env=guide_site.environment) if keep else None
        try:
            wait_until(lambda: "boats" not in guide_site.get("/")[1], 20, "a page without the picture")
        finally:
            if keeper:
                keeper.kill()
                keeper.wait(10)
        status, body = guide_site.get("/")
        assert (status, body.count("<img")) == (200, 1)
        page.reload()
        expect(part(page, "quay", "button")).to_be_visible()
        complaints = [text for text in opened.complaints if "favicon" not in text and "404" not in text]
        assert complaints == []
