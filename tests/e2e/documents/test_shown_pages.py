"""What docs/button.md and docs/deployment.md show for pages and proxies, in a browser and in nginx."""

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
from blocks import Block
from browser import window
from guide_site import ADDRESS, GuideSite, report, wait_for_reports
from playwright.sync_api import Page, expect
from redis_server import free_port, wait_until

pytestmark = [pytest.mark.xdist_group("sites"), pytest.mark.slow, pytest.mark.timeout(120)]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def show(page: Page, site: GuideSite, folder: Path, body: str) -> None:
    page_text = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>News</title>{body}'
    (folder / "index.html").write_text(page_text.replace(ADDRESS, site.trial.url), encoding="utf-8")
    page.goto(site.url)


@pytest.mark.runs("docs/button.md", "html", "css")
def test_the_button_of_the_page_is_put_in_place_and_dressed(
    shown: list[Block], guide_site: GuideSite, folder: Path, reader: str
) -> None:
    by_script, by_hand, style = (block.text for block in shown)
    script = by_script.partition("</script>")[0] + "</script>"
    picture = by_script.replace("img-1", "boats")
    with window() as opened:
        page = opened.page
        show(page, guide_site, folder, picture)
        expect(page.locator("quorum-report [part=button]")).to_have_count(1)
        report(page, "boats")
        assert wait_for_reports(guide_site, "boats", 1).score == 1  # of one who is known: a token was asked for
        show(page, guide_site, folder, f"{script.replace('data-auto', '')}<style>{style}</style>{by_hand}")
        button = page.locator('quorum-report[image="img-1"] [part=button]')
        expect(button).to_have_css("text-decoration-line", "underline")
        expect(button).to_have_css("border-top-width", "0px")
        button.click()
        send = page.locator("quorum-report [part=send]")
        expect(send).to_have_css("background-color", "rgb(122, 0, 0)")
        expect(send).to_have_css("border-top-left-radius", "2px")
        assert [text for text in opened.complaints if "404" not in text] == []


@pytest.mark.runs("docs/deployment.md", "nginx")
def test_a_proxy_serves_quorum_below_a_path(shown: list[Block], guide_site: GuideSite, tmp_path: Path) -> None:
    [block] = shown
    port = free_port()
    api = guide_site.trial.url.removeprefix("http://")
    assert "127.0.0.1:8080" in block.text
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    location = block.text.replace("127.0.0.1:8080", api)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"daemon off; user root; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths}\nserver {{ listen 127.0.0.1:{port};\n{location}}} }}\n"
    )
    process = subprocess.Popen([NGINX, "-c", str(configuration), "-p", str(tmp_path)])
    try:
        url = f"http://127.0.0.1:{port}/quorum/v1/events?limit=1"
        wait_until(lambda: _listens(port), 10, "nginx")
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert isinstance(json.load(answer), list)
            assert "</quorum/v1/events" in answer.headers["Link"]
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/quorum/v1/reasons", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
