"""The site of a guide: its files as the guide has them, served, used in a browser, against a real quorum."""

import http.client
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from client_drivers import bare_environment
from guides import files_of
from redis_server import free_port, wait_until

from quorum.client import Client, Status
from quorum.languages import THANK_YOU

if TYPE_CHECKING:
    from conftest import Trial
    from playwright.sync_api import Locator, Page

SECRET = "a token secret of the guides for tests, 32 bytes"
ADDRESS = "https://quorum.example.org"  # which the guides write for where quorum is
CROSSING = 5
IMAGES = ("boats", "photos/boats.svg", "wp-7")  # those that the guides name, and the tests report


@dataclass(frozen=True)
class GuideSite:
    """Where the site of a guide is served, and the quorum beside it. One at a time: quorum knows this origin."""

    port: int
    trial: "Trial"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        """A client of quorum with the site's key."""
        return Client(self.trial.url, self.trial.site_key)

    @property
    def environment(self) -> dict[str, str]:
        """What the guides read from the environment."""
        told = {"QUORUM_URL": self.trial.url, "QUORUM_SITE_KEY": self.trial.site_key, "QUORUM_TOKEN_SECRET": SECRET}
        return {**bare_environment(), **told, "PORT": str(self.port), "SECRET_KEY": "for tests only"}

    def write(self, guide: str, directory: Path) -> None:
        """Write the files of a guide, with the address of the real quorum."""
        for name, text in files_of(guide).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(ADDRESS, self.trial.url), encoding="utf-8")

    @contextmanager
    def served(self, command: list[str], directory: Path, **env: str) -> Iterator[None]:
        """Run the server of a guide until it answers."""
        log = directory / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=directory, env={**self.environment, **env}, stdout=output, stderr=output
            )
        try:
            wait_until(lambda: self.answers() or process.poll() is not None, 40, "the site")
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield
        finally:
            process.terminate()
            process.wait(10)

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/")[0] > 0
        return False

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a path, without any cookie; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def block(self, image: str) -> None:
        """Let other readers report an image until it is blocked: new ones, for nobody may help to block many."""
        crowd = uuid.uuid4().hex[:8]
        for number in range(CROSSING):
            self.client.report(image, "spam", f"{crowd}-{number}")
        wait_until(lambda: self.client.status(image).blocked, 20, "the block")

    def forget(self, image: str) -> None:
        """Let quorum know nothing of an image any more: the guides name theirs alike."""
        connection = http.client.HTTPConnection(self.trial.url.partition("//")[2], timeout=10)
        try:
            headers = {"Authorization": f"Bearer {self.trial.site_key}"}
            connection.request("DELETE", f"/v1/images/{quote(image, safe='')}", headers=headers)
            assert connection.getresponse().status == HTTPStatus.ACCEPTED
        finally:
            connection.close()
        wait_until(lambda: (one := self.client.status(image)).reporters == 0 and not one.blocked, 20, "its end")


@pytest.fixture(scope="session")
def guide_quorum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuideSite]:
    """A running quorum that knows the origin of one site."""
    from conftest import quorum_run  # noqa: PLC0415 - which loads this as a plugin

    port = free_port()
    told = {
        "QUORUM_CORS_ORIGINS": f"http://127.0.0.1:{port}",
        "QUORUM_TOKEN_SECRET": SECRET,
        "QUORUM_ANONYMOUS": "on",
        "QUORUM_PROXY_HOPS": "1",  # of whom some tests have one
    }
    with quorum_run(tmp_path_factory.mktemp("guides"), **told) as trial:
        yield GuideSite(port, trial)


@pytest.fixture
def guide_site(guide_quorum: GuideSite) -> Iterator[GuideSite]:
    """The same, of whose pictures nobody has reported any."""
    yield guide_quorum
    for image in IMAGES:
        guide_quorum.forget(image)


@pytest.fixture
def reader() -> str:
    """A reader of the test's own."""
    return f"reader-{uuid.uuid4().hex[:8]}"


def part(page: "Page", image: str, name: str) -> "Locator":
    """Return a part of the button of a picture."""
    return page.locator(f'quorum-report[image="{image}"] [part={name}]')


def report(page: "Page", image: str) -> None:
    """Report a picture as a reader does, and be thanked."""
    from playwright.sync_api import expect  # noqa: PLC0415 - this is a plugin of all tests, most of which open no browser

    part(page, image, "button").click()
    page.locator(f'quorum-report[image="{image}"] input[value=spam]').check()
    part(page, image, "send").click()
    expect(part(page, image, "status")).to_have_text(THANK_YOU["en"])


def wait_for_reports(site: GuideSite, image: str, number: int) -> Status:
    """Wait until so many readers are counted for an image; return its state."""
    wait_until(lambda: site.client.status(image).reporters == number, 20, f"{number} readers")
    return site.client.status(image)
