"""However a visitor writes the path of a blocked image, a real nginx with the edge gate never shows it."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import make_settings
from edge import Edge, running_edge
from pipeline import CROSSING, Pipeline, Visitor, whole_pipeline
from redis_server import RedisServer, wait_until

BLOCKED = ["photos/1.jpg", "photos/é 2.jpg", "photos/a%20b.jpg", "photos/what?.jpg", "photos/h#1+2.jpg", "top.jpg"]
OPEN = "photos/open.jpg"
LATIN = b"photos/caf\xe9.jpg"  # no name in UTF-8: quorum has no id for it, so it is open


def percent(text: str, *, lower: bool = False) -> str:
    """Escape every byte."""
    form = "%{:02x}" if lower else "%{:02X}"
    return "".join(form.format(byte) for byte in text.encode())


def escapes(path: str) -> Iterator[str]:
    """The ways to encode the bytes of a path, slashes and all, once and twice."""
    usual = quote(path)
    yield usual
    yield from (percent(path), percent(path, lower=True))
    yield from ("/".join(percent(part, lower=lower) for part in path.split("/")) for lower in (False, True))
    for at, character in enumerate(path):
        for lower in (False, True):
            yield quote(path[:at]) + percent(character, lower=lower) + quote(path[at + 1 :])
    yield usual.replace("/", "%2F")
    yield usual.replace("/", "%2f")
    yield quote(usual)
    yield quote(percent(path))
    yield usual.replace("/", "%252F")
    yield usual.replace("/", "\\")
    yield usual.replace("/", "%5C")
    yield usual.replace("%", "%25")


def detours(path: str) -> Iterator[str]:
    """The ways to walk to the same file."""
    dots = [".", "%2e", "%2E"]
    parents = ["..", "%2e.", ".%2E", "%2e%2E"]
    slashes = ["/", "//", "///", "/%2F", "%2f/", "/%2f/"]
    usual = quote(path)
    head, _, tail = usual.rpartition("/")
    for slash in slashes:
        yield usual.replace("/", slash)
        yield slash + usual
        for dot in dots:
            yield f"{dot}{slash}{usual}"
            yield f"{head}{slash}{dot}{slash}{tail}"
        for parent in parents:
            yield f"x{slash}{parent}{slash}{usual}"
            yield f"x/y{slash}{parent}{slash}{parent}{slash}{usual}"
            yield f"{head}{slash}x{slash}{parent}{slash}{tail}"
            yield f"{parent}{slash}{usual}"
            yield f"_quorum_gate{slash}{parent}{slash}{usual}"
    for end in ("/", "/.", "/..", "%00", "%00.png", ".", "%20", "%2F", "/.%2e/" + tail, ";x", "%3Fw=1", "%23x", "\t"):
        yield usual + end


def queries(path: str) -> Iterator[str]:
    usual = quote(path)
    for end in ("?", "?w=300", "?a=1&b=2", "?/../x", "??", "?%00", "?x#y", "#top", "#", "?" + "x" * 2000, "?é", "?a b"):
        yield usual + end


def requests(path: str) -> Iterator[bytes]:
    """Whole requests: every spelling as a path, and the usual one with everything else that a client may vary."""
    for spelling in itertools.chain(escapes(path), detours(path), queries(path)):
        yield request(f"/{spelling}")
    usual = "/" + quote(path)
    for target in (
        f"http://edge.example{usual}",
        f"HTTP://other.example:99{usual}",
        f"https://u:p@edge.example/{usual}",
    ):
        yield request(target)
    for method in ("HEAD", "POST", "PUT", "PROPFIND", "OPTIONS", "get"):
        yield request(usual, method)
    for version in ("1.0", "1.1", "1.9"):
        yield request(usual, version=version)
    yield f"GET {usual}\r\n\r\n".encode()
    for header in (
        *(
            "Range: bytes=0-",
            "Range: bytes=0-3,5-9",
            "If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT",
            "If-None-Match: *",
        ),
        *("If-Range: x", "If-Match: *", "Authorization: Bearer x", "Cookie: a=b", "Accept-Encoding: gzip"),
        *("Cache-Control: no-cache", "X-Original-URI: /photos/open.jpg", "X-Accel-Redirect: /photos/open.jpg"),
        *("X-Rewrite-URL: /photos/open.jpg", "Connection: upgrade\r\nUpgrade: h2c", "Expect: 100-continue"),
    ):
        yield request(usual, more=header + "\r\n")


def request(target: str, method: str = "GET", more: str = "", version: str = "1.1") -> bytes:
    head = f"{method} {target} HTTP/{version}\r\nHost: edge.example\r\nConnection: close\r\n{more}\r\n"
    return head.encode()


@contextmanager
def pictures(own_redis: RedisServer, tmp_path: Path) -> Iterator[tuple[Edge, Pipeline]]:
    files = {name.encode(): f"the picture {name}" for name in [*BLOCKED, OPEN]}
    with (
        whole_pipeline(make_settings(own_redis.url), tmp_path) as pipeline,
        running_edge(pipeline.port, tmp_path, {**files, LATIN: "the picture in Latin-1"}) as edge,
    ):
        yield edge, pipeline


def shown(edge: Edge, name: str, whole: bytes) -> bool:
    """Tell whether an answer gives the picture away, or says that the visitor has it."""
    status, body = edge.send(whole)
    return status in {200, 206, 304} or f"the picture {name}".encode() in body


@pytest.mark.timeout(600)
def test_no_spelling_of_a_blocked_image_shows_it(own_redis: RedisServer, tmp_path: Path) -> None:
    with pictures(own_redis, tmp_path) as (edge, pipeline):
        tried = {name: list(dict.fromkeys(requests(name))) for name in BLOCKED}
        before = {name: sum(shown(edge, name, one) for one in ways) for name, ways in tried.items()}
        print(f"{sum(map(len, tried.values()))} requests, of which {sum(before.values())} show a picture that is open")
        assert all(len(ways) > 200 for ways in tried.values())
        assert all(count > 80 for count in before.values()), before
        with Visitor(pipeline.port) as visitor:
            for name, number in itertools.product(BLOCKED, range(CROSSING)):
                assert visitor.report(name, f"reader-{number}").status == 202
        usual = ["/" + quote(name) for name in BLOCKED]
        wait_until(lambda: {edge.get(path)[0] for path in usual} == {451}, 10, "the blocks")
        time.sleep(1.1)  # what was asked before has expired
        for name, ways in tried.items():
            assert [one for one in ways if shown(edge, name, one)] == []


def test_what_is_open_is_shown_and_so_is_what_no_image_can_be_called(own_redis: RedisServer, tmp_path: Path) -> None:
    with pictures(own_redis, tmp_path) as (edge, pipeline):
        assert edge.get(f"/{OPEN}") == (200, f"the picture {OPEN}")
        assert edge.get("/photos/caf%E9.jpg") == (200, "the picture in Latin-1")
        assert edge.get("/photos/none.jpg")[0] == 404
        assert edge.get("/" + "x" * 3000)[0] == 404
        with Visitor(pipeline.port) as visitor:
            for number in range(CROSSING):
                assert visitor.report("photos/caf\ufffd.jpg", f"reader-{number}").status == 422
