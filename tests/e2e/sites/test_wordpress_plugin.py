"""The WordPress plugin under PHP, with stand-ins for what it calls of WordPress, against a real quorum."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from browser import window
from conftest import ROOT
from fake_quorum import answer, fake_quorum
from guide_site import SECRET, GuideSite, part, report, wait_for_reports
from playwright.sync_api import expect

pytestmark = [pytest.mark.xdist_group("sites"), pytest.mark.slow, pytest.mark.timeout(120)]
PLUGIN = ROOT / "deploy" / "wordpress" / "quorum-report" / "quorum-report.php"
STAND_INS = ROOT / "tests" / "support" / "documents" / "wordpress.php"
TOKEN = "/wp-admin/admin-ajax.php?action=quorum_token"


@pytest.fixture
def blog(guide_site: GuideSite, tmp_path: Path) -> Iterator[Path]:
    """A blog that has the plugin, and the lines of the guide in its wp-config.php."""
    if shutil.which("php") is None:
        pytest.skip("php is not installed")
    guide_site.write("wordpress.md", tmp_path)
    config = tmp_path / "wp-config.php"
    config.write_text(f"<?php\n{config.read_text()}")
    (tmp_path / "plugin").mkdir()
    shutil.copy(PLUGIN, tmp_path / "plugin")
    shutil.copy(STAND_INS, tmp_path / "blog.php")
    strict = ("-d", "display_errors=1", "-d", "error_reporting=-1")
    with guide_site.served(["php", *strict, "-S", f"127.0.0.1:{guide_site.port}", "blog.php"], tmp_path):
        yield tmp_path


def asked(blog: Path) -> list[list[str]]:
    """Return the ids of each call of quorum."""
    log = blog / "asked.log"
    return [json.loads(line)["image_ids"] for line in log.read_text().splitlines()] if log.exists() else []


def later(blog: Path) -> None:
    """Let the time pass for which answers are remembered."""
    for kept in blog.glob("transient-*"):
        kept.unlink()


def test_the_plugin_has_no_error_of_syntax() -> None:
    if shutil.which("php") is None:
        pytest.skip("php is not installed")
    done = subprocess.run(["php", "-l", str(PLUGIN)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.runs("docs/sites/wordpress.md")
def test_a_reader_of_a_blog_reports_and_a_blocked_picture_is_left_out(blog: Path, guide_site: GuideSite) -> None:
    with window() as opened:
        page = opened.page
        page.context.add_cookies([{"name": "reader", "value": "42", "url": guide_site.url}])
        page.goto(guide_site.url)
        expect(page.locator("img")).to_have_count(3)
        expect(page.locator("quorum-report")).to_have_count(2)
        report(page, "wp-7")
        assert wait_for_reports(guide_site, "wp-7", 1).score == 1
        guide_site.client.report("wp-7", "spam", "wp-42")  # the same person, as a backend names them
        guide_site.block("wp-7")
        assert wait_for_reports(guide_site, "wp-7", 6).blocked
        later(blog)
        page.reload()
        expect(page.locator("img")).to_have_count(2)
        expect(part(page, "wp-8", "button")).to_be_visible()
        assert "wp-7" not in page.content()


def test_a_post_costs_one_call_for_all_visitors(blog: Path, guide_site: GuideSite) -> None:
    later(blog)
    before = len(asked(blog))
    for _ in range(3):
        assert guide_site.get("/")[0] == 200
    assert asked(blog)[before:] == [["wp-7", "wp-8"]]


def test_a_token_names_who_is_signed_in_and_nobody_else_gets_one(blog: Path, guide_site: GuideSite) -> None:
    status, body = guide_site.get(TOKEN)
    assert (status, "token" in json.loads(body)) == (401, False)
    with window() as opened:
        opened.page.context.add_cookies([{"name": "reader", "value": "42", "url": guide_site.url}])
        answer = opened.page.request.get(guide_site.url + TOKEN)
        assert "no-store" in answer.headers["cache-control"]
        claims = jwt.decode(answer.json()["token"], SECRET, algorithms=["HS256"], audience="quorum")
    assert claims["sub"] == "wp-42"
    assert time.gmtime(claims["since"])[:6] == (2020, 1, 31, 12, 0, 0)
    assert 0 < claims["exp"] - time.time() <= 900


def test_no_secret_is_in_a_page(blog: Path, guide_site: GuideSite) -> None:
    _, body = guide_site.get("/")
    assert SECRET not in body
    assert guide_site.trial.site_key not in body


def misplaced(blog: Path, url: str) -> None:
    """Let the blog ask elsewhere for states."""
    config = blog / "wp-config.php"
    config.write_text(re.sub(r"define\('QUORUM_URL', '[^']*'\)", f"define('QUORUM_URL', '{url}')", config.read_text()))
    later(blog)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:9", "nonsense"])
def test_pictures_are_shown_while_quorum_cannot_be_asked(blog: Path, guide_site: GuideSite, url: str) -> None:
    misplaced(blog, url)
    before = len(asked(blog))
    for _ in range(2):
        assert guide_site.get("/")[1].count("<img") == 3
    assert len(asked(blog)) - before == 1  # and it is left alone for a while


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, '{"images": [{"state": "blocked"}]}'), (200, "<html>"), (200, '{"images": [5, {"state": 7}]}'), (200, "5")],
)
def test_an_answer_that_is_none_of_quorums_hides_nothing(
    blog: Path, guide_site: GuideSite, status: int, body: str
) -> None:
    with fake_quorum(answer(status, body)) as fake:
        misplaced(blog, fake.url)
        shown = guide_site.get("/")[1]
    assert shown.count("<img") == 3
    assert "Warning" not in shown
    assert [one.line for one in fake.asked] == ["POST /v1/images/status HTTP/1.1"]
