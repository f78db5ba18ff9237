"""What each client does when the server cannot, will not, or answers nonsense (shared/clients/README.md)."""

import json
from collections.abc import Iterator
from email.utils import formatdate
from time import monotonic, time
from typing import Any

import pytest
from client_drivers import LANGUAGES, Driver, InstalledClient, installed
from fake_quorum import FakeQuorum, Play, answer, fake_quorum, raw, silence
from redis_server import free_port

pytestmark = pytest.mark.timeout(120)
BLOCKED = "quorum.image.blocked.v1"
KEY = "qk_test.a-key"


@pytest.fixture(scope="module", params=LANGUAGES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> InstalledClient:
    found = installed(request.param, tmp_path_factory.mktemp(request.param))
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return found


def problem(kind: str) -> str:
    return json.dumps({"type": f"urn:quorum:problem:{kind}", "title": kind, "detail": f"it is {kind}"})


def status(image: str = "img-1") -> str:
    known = {"image_id": image, "state": "open", "protected": False, "epoch": 0, "score": 0, "reporters": 0}
    return json.dumps({**known, "reasons": {}, "blocked_at": None})


def event(subject: str, cursor: str) -> dict[str, Any]:
    known = {"specversion": "1.0", "id": f"e-{subject}", "source": "/quorum", "type": BLOCKED}
    return {**known, "subject": subject, "time": "2026-11-23T17:15:30.123Z", "data": {}, "cursor": cursor}


def listed(*images: str, cursor: str = "5-0") -> Play:
    found = [{"image_id": image, "blocked_at": "2026-11-23T17:15:30.123Z"} for image in images]
    return answer(200, json.dumps({"images": found, "cursor": cursor, "next": None}))


def page(*subjects: str, cursor: str = "6-0") -> Play:
    return answer(200, json.dumps([event(one, cursor) for one in subjects]), quorum_cursor=cursor)


def sent(text: str, *, chunks: int = 0) -> Play:
    """Return a stream, in so many chunks or in none, which is left open after the last one."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
    data = text.encode()
    if not chunks:
        return raw(head.encode() + b"\r\n", data)
    step = -(-len(data) // chunks)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    whole = raw(
        f"{head}transfer-encoding: chunked\r\n\r\n".encode(), *(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces)
    )

    def play(connection: Any) -> None:
        whole(connection)
        silence(connection)

    return play


def frame(subject: str, cursor: str) -> str:
    return f"id: {cursor}\nevent: {BLOCKED}\ndata: {json.dumps(event(subject, cursor))}\n\n"


def asking(client: InstalledClient, *plays: Play, timeout: str = "5") -> Iterator[tuple[Driver, FakeQuorum]]:
    with fake_quorum(*plays) as fake, client.driver("calls", fake.url, KEY, f"{fake.url}/s", TIMEOUT=timeout) as driver:
        yield driver, fake


def outcome(client: InstalledClient, *plays: Play, call: str = "status", timeout: str = "5", **given: Any) -> Any:
    """Return what a call comes to, and what the server was asked."""
    [(found, fake)] = [
        (driver.ask(call=call, **(given or {"id": "img-1"})), fake)
        for driver, fake in asking(client, *plays, timeout=timeout)
    ]
    return found, fake


@pytest.mark.parametrize("refusing", [429, 503])
def test_it_waits_as_long_as_it_is_told_and_asks_again(client: InstalledClient, refusing: int) -> None:
    found, fake = outcome(client, answer(refusing, problem("later"), retry_after="1"), answer(200, status()))
    assert found == {"ok": "open"}
    assert len(fake.asked) == 2
    assert 1 <= fake.waits[0] < 3


def test_a_date_is_a_time_to_come_back_as_well(client: InstalledClient) -> None:
    told = formatdate(time() + 4, usegmt=True)
    found, fake = outcome(client, answer(503, problem("later"), retry_after=told), answer(200, status()))
    assert found == {"ok": "open"}
    assert 1 < fake.waits[0] < 5


@pytest.mark.parametrize(
    ("refusing", "error"),
    [
        (429, {"kind": "api", "status": 429, "retry_after": 3600}),
        (503, {"kind": "unavailable", "retry_after": 3600}),
    ],
)
def test_nobody_sleeps_an_hour_inside_a_call(client: InstalledClient, refusing: int, error: dict[str, Any]) -> None:
    found, fake = outcome(client, answer(refusing, problem("later"), retry_after="3600"))
    assert found == {"error": error}
    assert len(fake.asked) == 1


@pytest.mark.parametrize("refusing", [429, 502, 503, 504])
def test_it_gives_up_after_three_more_tries(client: InstalledClient, refusing: int) -> None:
    found, fake = outcome(client, answer(refusing, problem("later"), retry_after="0"))
    assert found["error"]["kind"] == ("api" if refusing == 429 else "unavailable")
    assert len(fake.asked) == 4


def test_without_a_time_it_waits_a_little_longer_each_time(client: InstalledClient) -> None:
    found, fake = outcome(client, answer(503, "<html>"))
    assert found == {"error": {"kind": "unavailable", "retry_after": None}}
    assert len(fake.asked) == 4
    assert all(0.15 * 2**number < wait < 0.5 * 2**number + 1 for number, wait in enumerate(fake.waits))


@pytest.mark.parametrize("refusing", [400, 401, 403, 404, 301, 500])
def test_what_no_other_try_mends_is_told_at_once(client: InstalledClient, refusing: int) -> None:
    elsewhere = "http://127.0.0.1:1/"
    found, fake = outcome(client, answer(refusing, problem("bad"), location=elsewhere))
    told = {"kind": "api", "status": refusing} if refusing < 500 else {"kind": "unavailable"}
    assert found == {"error": {**told, "retry_after": None}}
    assert len(fake.asked) == 1
    assert fake.asked[0].header("authorization") == f"bearer {KEY.lower()}"


def test_what_would_be_another_header_is_never_sent(client: InstalledClient) -> None:
    report = {"image_id": "img-1", "reason": "violence", "reporter_id": "r", "language": "fr\r\nx-other: 1"}
    found, fake = outcome(client, answer(202, "{}"), call="report", **report)
    assert found["error"]["kind"] in {"ValueError", "TypeError", "InvalidArgumentException"}
    assert fake.asked == []


def test_a_cursor_that_is_too_old_is_told(client: InstalledClient) -> None:
    found, fake = outcome(client, answer(410, problem("cursor-expired")), call="events", after="1-0")
    assert found == {"error": {"kind": "expired"}}
    assert len(fake.asked) == 1
    assert "after=1-0" in fake.asked[0].line


@pytest.mark.parametrize(("refusing", "kind"), [(410, "cursor-expired"), (400, "invalid-cursor")])
def test_a_blocklist_whose_cursor_is_gone_begins_again(client: InstalledClient, refusing: int, kind: str) -> None:
    plays = (listed("a", "b"), answer(refusing, problem(kind)), listed("b", "c"), page("d"))
    for driver, fake in asking(client, *plays):
        answers = [driver.ok("sync") for _ in range(3)]
        if client.language == "python":  # goes on with the events in the same call
            answers = [answers[0], ["b", "c"], *answers[1:2]]
        assert answers == [["a", "b"], ["b", "c"], ["b", "c", "d"]]
        assert [one.line.split()[1].partition("?")[0] for one in fake.asked[:4]] == [
            *("/v1/blocklist", "/v1/events", "/v1/blocklist", "/v1/events")
        ]


def test_an_answer_that_was_cut_off_is_asked_for_again(client: InstalledClient) -> None:
    whole = status().encode()
    cut = raw(b"HTTP/1.1 200 OK\r\ncontent-length: " + str(len(whole)).encode() + b"\r\n\r\n" + whole[:20])
    found, fake = outcome(client, cut, answer(200, status()))
    assert found == {"ok": "open"}
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    "body",
    ["<html>a proxy</html>", "", "[]", "null", '{"state": 7}', '{"image_id": null, "state": "open"}', "[" * 3000],
)
def test_an_answer_that_is_none_of_quorums_is_no_answer(client: InstalledClient, body: str) -> None:
    found, _ = outcome(client, answer(200, body))
    assert found == {"error": {"kind": "unavailable", "retry_after": None}}


@pytest.mark.parametrize("body", ["{}", "[1]", '[{"id": "x"}]', "null"])
def test_events_that_are_none_are_no_answer(client: InstalledClient, body: str) -> None:
    found, _ = outcome(client, answer(200, body, quorum_cursor="1-0"), call="events", after="0")
    assert found == {"error": {"kind": "unavailable", "retry_after": None}}


def test_a_server_that_says_nothing_or_is_not_there_does_not_hold_a_call(client: InstalledClient) -> None:
    start = monotonic()
    found, fake = outcome(client, silence, timeout="0.5")
    assert found == {"error": {"kind": "unavailable", "retry_after": None}}
    assert len(fake.asked) == 4
    with client.driver("calls", f"http://127.0.0.1:{free_port()}", KEY) as driver:
        assert driver.ask(call="status", id="x") == {"error": {"kind": "unavailable", "retry_after": None}}
    assert monotonic() - start < 20


def test_an_answer_without_an_end_is_not_read_for_ever(client: InstalledClient) -> None:
    def endless(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[")
        while True:
            connection.sendall(b" " * 2**20)

    start = monotonic()
    found, _ = outcome(client, endless)
    assert found == {"error": {"kind": "unavailable", "retry_after": None}}
    assert monotonic() - start < 40


def test_a_stream_is_opened_again_after_the_last_whole_event(client: InstalledClient) -> None:
    first = "retry: 2000\n\n: still here\n\n" + frame("a", "1-0").replace("\n", "\r\n") + "id: 2-0\n\n"
    plays = (
        sent(first + frame("cut", "3-0")[:-20]),
        answer(429, problem("streams"), retry_after="1"),
        sent(frame("b", "4-0")),
        sent(frame("c", "5-0")),
    )
    found, fake = outcome(client, *plays, call="stream", count=3, types=[BLOCKED])
    assert [(subject, cursor) for _, subject, cursor in found["ok"]] == [("a", "1-0"), ("b", "4-0"), ("c", "5-0")]
    assert [one.header("last-event-id") for one in fake.asked] == [None, "2-0", "2-0", "4-0"]
    assert {one.line for one in fake.asked} == {f"GET /s?type={BLOCKED} HTTP/1.1"}
    assert fake.waits[1] >= 1


@pytest.mark.parametrize("chunks", [1, 2, 7, 100])
def test_events_are_told_as_they_come_however_they_are_cut(client: InstalledClient, chunks: int) -> None:
    start = monotonic()
    found, _ = outcome(client, sent(frame("é", "1-0") + frame("b", "2-0"), chunks=chunks), call="stream", count=2)
    assert [subject for _, subject, _ in found["ok"]] == ["é", "b"]
    assert monotonic() - start < 5


@pytest.mark.parametrize("play", [sent("event: expired\ndata: {}\n\n"), answer(410, problem("cursor-expired"))])
def test_a_stream_that_is_too_far_behind_is_told(client: InstalledClient, play: Play) -> None:
    found, _ = outcome(client, play, call="stream", count=1, after="1-0")
    assert found == {"error": {"kind": "expired"}}


def test_a_stream_that_is_refused_is_told_why(client: InstalledClient) -> None:
    found, fake = outcome(client, answer(401, problem("unknown-key")), call="stream", count=1)
    assert found["error"] == {"kind": "api", "status": 401, "retry_after": None}
    assert len(fake.asked) == 1


def test_following_goes_on_across_outages(client: InstalledClient) -> None:
    plays = (page("a"), *[answer(503, problem("down"), retry_after="0")] * 5, page("b", cursor="7-0"))
    found, fake = outcome(client, *plays, call="follow", count=2, after="0")
    assert [subject for _, subject, _ in found["ok"]] == ["a", "b"]
    assert len(fake.asked) == 7
