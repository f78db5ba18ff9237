"""Serving below a path: only a proxy says which, and only in a form that stays on this host."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.network.addresses import parse_network
from quorum.network.forwarding import Forwarding
from report_api.web.mounting import MAX_PREFIX_CHARACTERS, Mounting, below

PROXY = "10.0.0.1"
ANY_PROXY = Mounting(Forwarding(1))
HOSTILE = (
    "//evil.example",
    "/a//evil.example",
    "javascript:alert(1)",
    "https://evil.example",
    "/..",
    "/a/../b",
    "/.",
    "/a/./b",
    "/.well-known",
    "/%2e%2e",
    "/a%0d%0aSet-Cookie:x",
    "/a\r\nSet-Cookie: x",
    '/a"><script>',
    "/a'b",
    "/a b",
    "/a?b",
    "/a#b",
    "/a;b",
    "/a\\b",
    "\\\\evil",
    "a",
    "é",
    "/é",
    "/" + "a" * MAX_PREFIX_CHARACTERS,
)


@pytest.mark.parametrize(
    ("stated", "prefix"),
    [
        ("/quorum", "/quorum"),
        ("/quorum/", "/quorum"),
        (" /tools/quorum-2 ", "/tools/quorum-2"),
        ("/first, /second", "/second"),
        ("", ""),
        ("/", ""),
        ("/v1", "/v1"),
        ("/a.b/~c_d", "/a.b/~c_d"),
    ],
)
def test_a_prefix_of_a_proxy_is_taken(stated: str, prefix: str) -> None:
    assert ANY_PROXY.prefix(PROXY, stated) == prefix


@pytest.mark.parametrize("stated", HOSTILE)
def test_a_hostile_prefix_is_none(stated: str) -> None:
    assert ANY_PROXY.prefix(PROXY, stated) == ""


@given(st.text(alphabet="/.ab%\\:?#\"'<> \r\n,é", max_size=12))
def test_whatever_is_said_a_link_made_of_it_stays_on_this_host(stated: str) -> None:
    prefix = ANY_PROXY.prefix(PROXY, stated)
    assert re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", prefix)
    assert not {".", ".."} & set(prefix.split("/"))


def test_only_a_trusted_proxy_says_it() -> None:
    assert Mounting(Forwarding(0)).prefix(PROXY, "/quorum") == ""
    inside = Mounting(Forwarding(1, (parse_network("10.0.0.0/8"),)))
    assert inside.prefix("192.0.2.1", "/quorum") == ""
    assert inside.prefix(PROXY, "/quorum") == "/quorum"


@pytest.mark.parametrize(
    ("prefix", "path", "rest"),
    [
        ("/quorum", "/quorum/v1/reports", "/v1/reports"),  # left on
        ("/quorum", "/v1/reports", "/v1/reports"),  # taken off
        ("/quorum", "/quorum/docs", "/docs"),
        ("/quorum", "/quorum", "/quorum"),
        ("/quorum", "/quorum/", "/"),
        ("/quorum", "/", "/"),
        ("/docs", "/docs/", "/docs/"),  # taken off, and a page of ours
        ("/quorum", "/quorumv1/reports", "/quorumv1/reports"),
        ("/v1", "/v1/reports", "/v1/reports"),  # taken off, and begins alike
        ("/v1", "/v1/v1/reports", "/v1/reports"),
        ("/docs", "/docs/static/docs.css", "/docs/static/docs.css"),
        ("/quorum", "/v1/images//quorum/v1/reports", "/v1/images//quorum/v1/reports"),
        ("", "/v1/reports", "/v1/reports"),
    ],
)
def test_a_prefix_is_taken_off_once_whether_the_proxy_has_done_so_or_not(prefix: str, path: str, rest: str) -> None:
    assert below(prefix, path) == rest


def test_a_request_is_placed_once() -> None:
    environ = {"REMOTE_ADDR": PROXY, "PATH_INFO": "/v1/v1/docs", "HTTP_X_FORWARDED_PREFIX": "/v1"}
    ANY_PROXY.place(environ)
    assert environ == {"REMOTE_ADDR": PROXY, "PATH_INFO": "/v1/docs", "SCRIPT_NAME": "/v1"}
    ANY_PROXY.place(environ)
    assert environ["PATH_INFO"] == "/v1/docs"
