"""quorum below a path of a site, behind a real nginx, in a real browser."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import window
from conftest import SITE_KEY, make_settings, running
from pipeline import CROSSING, Pipeline, whole_pipeline
from playwright.sync_api import expect
from redis_server import RedisServer, free_port, wait_until

from report_api.button.files import scripts

TRIAL = {"QUORUM_PROXY_HOPS": "1", "QUORUM_DEMO": "yes", "QUORUM_READ_ACCESS": "open"}
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
TAKEN_OFF, LEFT_ON = "/site/quorum", "/v1"  # a prefix that reads like one of quorum's own paths is none

CONFIGURATION = """\
daemon off; user root; pid {work}/pid; error_log {work}/error.log;
events {{}}
http {{
  access_log off;
  {temp}
  server {{
    listen 127.0.0.1:{port};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location {taken_off}/ {{
      proxy_set_header X-Forwarded-Prefix {taken_off};
      proxy_pass http://127.0.0.1:{api}/;
    }}
    location {left_on}/ {{
      proxy_set_header X-Forwarded-Prefix {left_on};
      proxy_pass http://127.0.0.1:{api};
    }}
    location = {taken_off}/v1/events/stream {{
      proxy_set_header X-Forwarded-Prefix {taken_off};
      proxy_buffering off;
      proxy_pass http://127.0.0.1:{stream}/v1/events/stream;
    }}
    location = {left_on}/v1/events/stream {{
      proxy_set_header X-Forwarded-Prefix {left_on};
      proxy_buffering off;
      proxy_pass http://127.0.0.1:{stream};
    }}
  }}
}}
"""


@pytest.fixture
def pipeline(own_redis: RedisServer, tmp_path: Path) -> Iterator[Pipeline]:
    own_redis.client.config_set("maxmemory", "1gb")
    with whole_pipeline(make_settings(own_redis.url), tmp_path, workers=1, **TRIAL) as started:
        yield started


@pytest.fixture
def stream_port(pipeline: Pipeline, tmp_path: Path) -> Iterator[int]:
    port = free_port()
    with running(["stream", "--port", str(port)], pipeline.env, tmp_path / "stream.log"):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"), 20, "the stream")
        yield port


@pytest.fixture
def site(pipeline: Pipeline, stream_port: int, tmp_path: Path) -> Iterator[str]:
    """Return where nginx listens."""
    work, port = tmp_path / "nginx", free_port()
    work.mkdir()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    text = CONFIGURATION.format(
        work=work,
        port=port,
        api=pipeline.port,
        stream=stream_port,
        taken_off=TAKEN_OFF,
        left_on=LEFT_ON,
        temp="".join(f"{kind}_temp_path {work}/{kind};" for kind in kinds),
    )
    (work / "nginx.conf").write_text(text)
    process = subprocess.Popen([NGINX, "-c", str(work / "nginx.conf"), "-p", str(work)])
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}{TAKEN_OFF}/livez"), 10, "nginx")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(url: str, body: object = None) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {SITE_KEY}", "Content-Type": "application/json"}
    return urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)


@pytest.mark.parametrize("prefix", [TAKEN_OFF, LEFT_ON])
def test_the_demo_works_below_a_path(site: str, prefix: str) -> None:
    with window() as opened:
        opened.page.goto(f"{site}{prefix}/demo?edition=7")
        article = opened.page.locator("article").first
        assert article.locator("img").evaluate("image => image.complete && image.naturalWidth > 0")
        article.locator("[part=button]").click()
        opened.page.locator("dialog input").first.check()
        opened.page.locator("dialog [part=send]").click()
        expect(article.locator("[part=status]")).not_to_be_empty()
        opened.page.locator("[data-crew=crowd]").click()
        expect(article.locator("[part=notice]")).to_be_visible(timeout=20_000)
        opened.page.locator("nav a").nth(1).click()
        expect(opened.page.locator("html")).to_have_attribute("lang", "fr")
        opened.assert_clean(f"{site}{prefix}/")


@pytest.mark.parametrize("prefix", [TAKEN_OFF, LEFT_ON])
def test_the_documentation_works_below_a_path_and_its_calls_arrive(site: str, prefix: str) -> None:
    with window() as opened:
        opened.page.goto(f"{site}{prefix}/docs")
        operation = opened.page.locator("#getReasons")
        operation.locator("summary").click()
        operation.locator("button").click()
        expect(operation.locator("[role=status]")).to_contain_text("200")
        assert f"{site}{prefix}/v1/reasons" in opened.requested
        opened.assert_clean(f"{site}{prefix}/")


@pytest.mark.parametrize("prefix", [TAKEN_OFF, LEFT_ON])
@pytest.mark.trouble("the site is below a path behind a proxy", "pages, links, calls and reports work")
def test_the_whole_way_of_a_report_works_below_a_path(site: str, prefix: str) -> None:
    root = f"{site}{prefix}"
    for number in range(CROSSING):
        body = {"image_id": "img-1", "reason": "violence", "reporter_id": f"reader-{number}"}
        with urllib.request.urlopen(ask(f"{root}/v1/reports", body), timeout=10) as answer:
            assert answer.status == 202
    with urllib.request.urlopen(ask(f"{root}/v1/events?wait=15"), timeout=30) as answer:
        assert len(json.load(answer)) == 1
        link = answer.headers["Link"].partition(">")[0].removeprefix("<")
    assert link.startswith(f"{prefix}/v1/events?after=")
    with urllib.request.urlopen(ask(f"{site}{link}"), timeout=10) as answer:
        assert json.load(answer) == []
    with urllib.request.urlopen(ask(f"{root}/v1/events/stream?after=0-0"), timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.parametrize("prefix", [TAKEN_OFF, LEFT_ON])
def test_the_script_of_the_button_is_there_below_a_path(site: str, prefix: str) -> None:
    name, script = next(iter(scripts().items()))
    with urllib.request.urlopen(f"{site}{prefix}/button/{name}", timeout=10) as answer:
        assert answer.read() == script.content
