"""Where else the people were who reported an image: the same ones again and again are no crowd."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_site import Console, running_console

from quorum.accounts.roles import Role
from quorum.images.image import parse_image
from quorum.judgement.records import Kind, Report
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.tally.codec import encode_report, encode_stamp


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Console]:
    with running_console(tmp_path) as found:
        yield found


def rows(desk: Console, image: str) -> list[list[str]]:
    """Return the table as a moderator sees it: image, of these people, of all."""
    client = desk.app.test_client()
    client.set_cookie("quorum", desk.cookie(Role.MODERATOR))
    page = client.get(f"/elsewhere/{image}").text
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r">([^<>]+)</(?:bdi|td)>", row)[:3] for row in table.split("<tr>")[1:]]


def test_the_images_that_most_of_them_share_come_first(desk: Console) -> None:
    desk.report("img-1", 5, who="friend")
    desk.report("img-2", 5, who="friend")
    desk.report("img-3", 2, who="friend")
    desk.report("img-3", 2, who="reader")
    desk.report("img-4", 3, who="reader")
    assert rows(desk, "img-1") == [["img-2", "5", "5"], ["img-3", "2", "4"]]
    assert rows(desk, "img-4") == [["img-3", "2", "4"]]
    assert rows(desk, "img-none") == []


def test_a_report_that_was_withdrawn_is_no_meeting(desk: Console) -> None:
    desk.report("img-1", 2, who="friend")
    desk.report("img-2", 2, who="friend")
    [one, *_] = desk.parts.dossiers.of(parse_image("img-1"), desk.parts.policy).reporters
    back = Report(parse_image("img-2"), Reporter(VERIFIED, one.fingerprint), "violence", kind=Kind.WITHDRAWAL)
    desk.bench.client.rpush(desk.bench.keys.inbox, encode_stamp(desk.now_ms()) + encode_report(back))
    desk.bench.drain()
    assert rows(desk, "img-1") == [["img-2", "1", "1"]]
