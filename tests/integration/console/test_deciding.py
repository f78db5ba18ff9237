"""Decisions in the console: about the state that was seen, taken back as they were, and many at once."""

import json
import re
from collections.abc import Iterator

import pytest
from console_site import Console, running_console
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from quorum.accounts.roles import Role

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
TAG = re.compile(r'name="expected" value="([^"]+)"')
IMAGE = "agency/photo"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with running_console(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(desk: Console) -> None:
    for key in desk.bench.client.scan_iter(f"{desk.settings.namespace}:*"):
        if not key.endswith((b"meta", b"accounts")):
            desk.bench.client.delete(key)


def browser(desk: Console, name: str = "") -> FlaskClient:
    client = desk.app.test_client()
    client.set_cookie("quorum", desk.cookie(Role.MODERATOR, name))
    return client


def post(client: FlaskClient, path: str, **data: str | list[str]) -> TestResponse:
    found = TOKEN.search(client.get("/mine").text)
    assert found
    return client.post(path, data={"csrf_token": found[1], **data})


def decide(client: FlaskClient, decision: str, tag: str, image: str = IMAGE, **more: str) -> TestResponse:
    return post(client, f"/images/{image}/decisions", decision=decision, expected=tag, next="/queue", **more)


def seen(client: FlaskClient, image: str = IMAGE) -> str:
    found = TAG.search(client.get(f"/images/{image}").text)
    assert found
    return found[1]


def state(desk: Console, image: str = IMAGE) -> str:
    return desk.bench.status(image).state.public_name


def events(desk: Console) -> list[str]:
    return [json.loads(event)["type"].split(".")[2] for event in desk.bench.events()]


def test_a_decision_is_carried_out_told_and_can_be_undone_from_the_next_page(desk: Console) -> None:
    desk.hold(IMAGE)
    client = browser(desk)
    answer = decide(client, "clear", seen(client), note="harmless")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue")
    assert state(desk) == "cleared"
    page = client.get("/queue").text
    assert f"{IMAGE}: cleared." in page
    tag = TAG.search(page[page.index("data-undo") - 800 :])
    assert tag
    assert post(client, f"/images/{IMAGE}/undo", expected=tag[1], next="/queue").status_code == 303
    assert state(desk) == "held"
    story = client.get(f"/images/{IMAGE}").text
    assert "harmless" in story
    assert story.count("moderator@example.org decided") == 2
    assert "data-undo" not in client.get("/queue").text


@pytest.mark.parametrize(("decision", "before"), [("uphold", "blocked"), ("clear", "blocked"), ("block", "open")])
def test_undo_brings_back_exactly_what_was(desk: Console, decision: str, before: str) -> None:
    image = "img-1"
    desk.report(image, 6 if before == "blocked" else 2)
    client = browser(desk)
    decide(client, decision, seen(client, image), image)
    page = client.get("/queue").text
    tag = TAG.search(page[page.index('class="notice row') :])
    assert tag
    post(client, f"/images/{image}/undo", expected=tag[1])
    assert state(desk, image) == before
    ids = [json.loads(event)["id"] for event in desk.bench.events()]
    assert len(ids) == len(set(ids))


def test_when_somebody_was_faster_the_present_state_is_shown_and_nothing_overwritten(desk: Console) -> None:
    desk.hold(IMAGE)
    first, second = browser(desk), browser(desk, "second@example.org")
    tag = seen(first)
    decide(second, "uphold", tag)
    late = decide(first, "clear", tag)
    assert late.headers["Location"] == f"/images/{IMAGE}"
    assert "Somebody was faster" in first.get(late.headers["Location"]).text
    assert state(desk) == "blocked"
    assert events(desk) == ["held", "blocked"]
    assert (
        "Somebody was faster" in first.get(post(first, f"/images/{IMAGE}/undo", expected=tag).headers["Location"]).text
    )


def test_an_image_that_nobody_knows_is_asked_about_first(desk: Console) -> None:
    client = browser(desk)
    assert client.get("/images/img-typo").status_code == 404
    tag = seen(client, "img-typo")
    assert decide(client, "block", tag, "img-typo").status_code == 404
    assert state(desk, "img-typo") == "open"
    assert decide(client, "block", tag, "img-typo", known="yes").status_code == 303
    assert state(desk, "img-typo") == "blocked"


def test_a_gentle_clear_counts_against_nobody(desk: Console) -> None:
    desk.hold(IMAGE)
    client = browser(desk)
    reporter = "/reporters/" + b"reader-0".ljust(12, b"\0").hex()
    decide(client, "clear", seen(client), well_meant="on")
    assert re.search(r"Reports found wrong</dt><dd>0<", client.get(reporter).text)


def test_what_cannot_be_decided_is_said(desk: Console) -> None:
    desk.report("img-1", 2)
    client = browser(desk)
    tag = seen(client, "img-1")
    assert decide(client, "uphold", tag, "img-1").status_code == 409
    assert decide(client, "nonsense", tag, "img-1").status_code == 422
    assert post(client, "/images/img-1/undo", expected=tag).status_code == 409


def test_two_who_look_at_one_image_see_each_other(desk: Console) -> None:
    desk.hold(IMAGE)
    desk.hold("agency/other")
    first, second = browser(desk), browser(desk, "second@example.org")
    htmx = {"HX-Request": "true"}
    found = TOKEN.search(first.get("/mine").text)
    assert found
    mine = first.post(f"/images/{IMAGE}/claim", data={"csrf_token": found[1]}, headers=htmx)
    assert "You look at it" in mine.text
    assert "moderator@example.org looks at it" in second.get(f"/images/{IMAGE}").text
    assert "agency/other" in re.findall(r'class="look".*?image-id"><bdi>([^<]+)', second.get("/queue").text, re.DOTALL)
    first.post("/images/agency/other/claim", data={"csrf_token": found[1]}, headers=htmx)  # which lets the first one go
    assert "looks at it" not in second.get(f"/images/{IMAGE}").text


def test_many_are_decided_as_the_preview_said(desk: Console) -> None:
    for number in range(3):
        desk.hold(f"agency/{number}")
    client = browser(desk)
    images = ["agency/0", "agency/1", "agency/2"]
    preview = post(client, "/decisions/preview", decision="clear", image=images, next="/queue").text
    assert "3 images would change, and with them what is known of those who sent 15 reports." in preview
    assert [state(desk, image) for image in images] == ["held"] * 3
    hidden = dict(re.findall(r'name="(expected [^"]+)" value="([^"]+)"', preview))
    assert len(hidden) == 3
    decide(browser(desk, "second@example.org"), "uphold", seen(client, "agency/1"), "agency/1")
    post(client, "/decisions", decision="clear", image=images, next="/queue", **hidden)
    assert [state(desk, image) for image in images] == ["cleared", "blocked", "cleared"]
    told = client.get("/queue").text
    assert "2 images decided." in told
    assert "agency/1: somebody was faster" in told
    assert post(client, "/decisions/preview", decision="clear").status_code == 422


def test_lists_and_filters_show_what_they_say(desk: Console) -> None:
    desk.hold("agency/a", 5, reason="spam")
    desk.hold("agency/b")
    desk.report("img-near", 4)
    desk.report("img-blocked", 6)
    client = browser(desk)

    def shown(query: str) -> set[str]:
        return set(re.findall(r'class="id">([^<]+)<', client.get(f"/queue?{query}").text))

    assert shown("") == {"agency/a", "agency/b"}
    assert shown("reason=spam") == {"agency/a"}
    assert shown("cause=protected") == {"agency/a", "agency/b"}
    assert shown("cause=shields") == set()
    assert shown("list=near") == {"img-near"}
    assert shown("list=open") == {"img-near"}
    assert shown("list=blocked") == {"img-blocked"}
    assert shown("list=nonsense&cause=nonsense&sort=nonsense&reason=nonsense") == {"agency/a", "agency/b"}
    assert client.get("/queue?page=nonsense").status_code == 303
    assert client.get("/find?image=%20agency/a").headers["Location"] == "/images/agency/a"
    assert client.get("/find?image=").status_code == 422


def test_a_reporter_is_found_by_name_seen_and_muted(desk: Console) -> None:
    desk.hold(IMAGE)
    client = desk.app.test_client()
    client.set_cookie("quorum", desk.cookie(Role.LEAD))
    found = post(client, "/reporters", name="reader-0").headers["Location"]
    assert "reader-0" not in found
    reporter = "/reporters/" + b"reader-0".ljust(12, b"\0").hex()
    assert IMAGE in client.get(reporter).text
    post(client, f"{reporter}/mute", days="3")
    assert "until" in client.get(reporter).text
    assert "is muted" in client.get(f"/images/{IMAGE}").text
    post(client, f"{reporter}/mute", days="0")
    deeds = [(one.who, one.what, one.about, one.detail) for one in desk.parts.deeds.last(2)]
    short = reporter.rpartition("/")[2][:8]
    assert deeds == [
        ("lead@example.org", "reporter unmuted", short, ""),
        ("lead@example.org", "reporter muted", short, "3"),
    ]
    assert "is muted" not in client.get(f"/images/{IMAGE}").text
    for days in ("", "-1", "x", "99999999999"):
        assert post(client, f"{reporter}/mute", days=days).status_code == 422
    for wrong in ("zz", "ab", "%00"):
        assert client.get(f"/reporters/{wrong}").status_code == 404


def test_no_cookie_grows_too_large_for_a_browser(desk: Console) -> None:
    client = browser(desk)
    for number in range(12):
        image = f"agency/{number}-{'x' * 900}"
        desk.hold(image, who=f"{number}")
        decide(client, "clear", seen(client, image), image)
        post(client, f"/images/{image}/claim")
    for number in range(6):
        desk.hold(f"agency/short-{number}", who=f"s{number}")
        answer = decide(client, "clear", seen(client, f"agency/short-{number}"), f"agency/short-{number}")
        assert len(answer.headers["Set-Cookie"]) < 4000
    assert client.get("/queue").status_code == 200


def test_an_appeal_is_shown_beside_the_image_and_decided_by_another(desk: Console) -> None:
    desk.report("img-1", 6)
    first, second = browser(desk), browser(desk, "second@example.org")
    decide(first, "uphold", seen(first, "img-1"), "img-1")
    desk.parts.appeals.lodge(desk.parts.image("img-1"), "It shows my own cat <b>asleep</b>.")
    page = first.get("/queue?list=appealed").text
    assert "my own cat &lt;b&gt;asleep&lt;/b&gt;" in page
    assert "against a decision of moderator@example.org" in page
    refused = decide(first, "clear", seen(first, "img-1"), "img-1")
    assert (refused.status_code, "another moderator must decide" in refused.text) == (409, True)
    assert decide(second, "uphold", seen(second, "img-1"), "img-1", note="no cat").status_code == 303
    page = second.get("/queue").text
    image = first.get("/images/img-1").text
    assert "second@example.org decided: the block stays." in image
    assert "There is nothing in this list." in first.get("/queue?list=appealed").text
    assert events(desk) == ["blocked", "decided"]
    tag = TAG.search(page[page.index("data-undo") - 800 :])
    assert tag is not None
    assert post(second, "/images/img-1/undo", expected=tag[1], next="/queue").status_code == 303
    assert "my own cat" in first.get("/queue?list=appealed").text
    assert state(desk, "img-1") == "blocked"


def test_a_note_is_kept_whole_or_refused(desk: Console) -> None:
    desk.hold(IMAGE)
    client = browser(desk)
    tag = seen(client)
    assert decide(client, "clear", tag, note="x" * 1001).status_code == 422
    assert state(desk) == "held"
    lines = "\r\n".join("x" * 99 for _ in range(10))  # 999 characters as a person counts them
    assert decide(client, "clear", tag, note=lines).status_code == 303
    assert lines.replace("\r\n", "\n") in client.get(f"/images/{IMAGE}").text
