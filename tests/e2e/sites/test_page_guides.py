"""The guides for pages: plain HTML behind the edge gate, React and Vue built by Vite, each used in a browser."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from blocks import blocks_in
from browser import window
from conftest import ROOT
from edge import running_edge
from guide_site import GuideSite, part, report, wait_for_reports
from news_site import PICTURE
from playwright.sync_api import expect
from redis_server import wait_until

pytestmark = [pytest.mark.xdist_group("sites"), pytest.mark.slow, pytest.mark.timeout(200)]
PACKAGES = ROOT / "tests" / "sites" / "node_modules"
MAIN = {  # what a site has already: where its pages begin, and a build
    "react": """import { createRoot } from "react-dom/client";
import { ReportablePicture } from "./ReportablePicture.jsx";

const picture = (id) => <ReportablePicture key={id} id={id} src={`/${id}.svg`} alt={id} />;
createRoot(document.querySelector("main")).render(["boats", "quay"].map(picture));
""",
    "vue": """import { createApp, h } from "vue";
import ReportablePicture from "./ReportablePicture.vue";

const picture = (id) => h(ReportablePicture, { key: id, id, src: `/${id}.svg`, alt: id });
createApp({ render: () => ["boats", "quay"].map(picture) }).mount("main");
""",
}
FOR_REACT = 'export default { esbuild: { jsx: "automatic" } };\n'


def build(guide: str, site: GuideSite, place: Path, built: Path) -> None:
    """Install the button as the guide says, and build its files with Vite."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if not PACKAGES.is_dir():
        pytest.fail("the packages of tests/sites are missing; tests/system-packages installs them")
    place.mkdir()
    (place / "quorum").symlink_to(ROOT)
    env = {**os.environ, "npm_config_offline": "true", "npm_config_cache": str(place / "npm")}
    [install] = blocks_in(f"docs/sites/{guide}.md", "sh")
    subprocess.run(["bash", "-ec", install.text], cwd=place, env=env, check=True, capture_output=True, timeout=60)
    assert (place / "node_modules" / "quorum-report").exists()
    for package in PACKAGES.glob("[!.]*"):
        (place / "node_modules" / package.name).symlink_to(package)
    site.write(f"{guide}.md", place)
    if guide == "react":
        (place / "vite.config.js").write_text(FOR_REACT)
    (place / "package.json").write_text('{"type": "module"}')
    (place / "main.jsx").write_text(MAIN[guide])
    page = (
        '<!doctype html><html lang="en"><title>News</title><main></main><script type="module" src="/main.jsx"></script>'
    )
    (place / "index.html").write_text(page)
    command = [str(place / "node_modules" / "vite" / "bin" / "vite.js"), "build", "--outDir", str(built)]
    done = subprocess.run(
        ["node", *command, "--emptyOutDir"],
        cwd=place,
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.runs("docs/sites/react.md")
@pytest.mark.runs("docs/sites/vue.md")
@pytest.mark.parametrize("guide", MAIN)
def test_a_reader_reports_in_a_built_page_and_a_blocked_picture_is_hidden(
    guide: str, guide_site: GuideSite, folder: Path, tmp_path: Path, reader: str
) -> None:
    build(guide, guide_site, tmp_path / "project", folder)
    with window() as opened:
        page = opened.page
        page.goto(guide_site.url)
        expect(page.locator("quorum-report [part=button]")).to_have_count(2)
        report(page, "boats")
        assert wait_for_reports(guide_site, "boats", 1).score == 1  # of one who is known, not of an address
        guide_site.client.report("boats", "spam", reader)  # the same person, as the backend names them
        guide_site.block("boats")
        assert wait_for_reports(guide_site, "boats", 6).blocked
        page.reload()
        expect(page.get_by_alt_text("boats")).to_be_hidden()
        expect(part(page, "boats", "notice")).to_contain_text("blocked")
        expect(page.get_by_alt_text("quay")).to_be_visible()
        assert [text for text in opened.complaints if "404" not in text] == []


@pytest.mark.runs("docs/sites/plain-html.md")
def test_a_plain_page_behind_the_gate_hides_in_all_three_ways(
    guide_site: GuideSite, folder: Path, tmp_path: Path
) -> None:
    guide_site.write("plain-html.md", folder)
    photos = {b"photos/boats.svg": PICTURE.decode(), b"photos/quay.svg": PICTURE.decode()}
    api_port = int(guide_site.trial.url.rpartition(":")[2])
    with running_edge(api_port, tmp_path, photos) as edge, window() as opened:
        page = opened.page
        page.route("**/photos/*", lambda route: route.continue_(url=f"http://127.0.0.1:{edge.port}{path_of(route)}"))
        page.goto(guide_site.url)
        report(page, "photos/boats.svg")
        wait_for_reports(guide_site, "photos/boats.svg", 1)
        assert edge.get("/photos/boats.svg")[0] == 200
        assert published(guide_site, folder) == {"photos/boats.svg": "open", "photos/quay.svg": "open"}
        guide_site.block("photos/boats.svg")
        assert published(guide_site, folder) == {"photos/boats.svg": "blocked", "photos/quay.svg": "open"}
        wait_until(lambda: edge.get("/photos/boats.svg")[0] == 451, 10, "the gate")
        assert edge.get("/photos/quay.svg")[0] == 200
        page.reload()
        expect(page.get_by_alt_text("Two boats")).to_be_hidden()
        expect(part(page, "photos/boats.svg", "notice")).to_contain_text("blocked")
        expect(page.get_by_alt_text("The quay")).to_be_visible()


def path_of(route: Any) -> str:
    path: str = "/" + route.request.url.split("/", 3)[3]
    return path


def published(site: GuideSite, folder: Path) -> dict[str, str]:
    """Run the command of the guide that asks for all pictures; return their states."""
    done = subprocess.run(
        ["sh", "-e", "blocked.sh"],
        cwd=folder,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return {one["image_id"]: one["state"] for one in json.loads(done.stdout)["images"]}
