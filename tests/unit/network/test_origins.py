"""Origins: two that browsers take for one are one here, and no other is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import SettingsError
from quorum.network.origins import canonical_origin
from quorum.settings import read_settings
from report_api.web.headers import Fields, Headers


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("https://news.example.org", "https://news.example.org"),
        ("HTTPS://News.Example.ORG", "https://news.example.org"),
        ("https://news.example.org:443", "https://news.example.org"),
        ("http://news.example.org:80", "http://news.example.org"),
        ("https://news.example.org:80", "https://news.example.org:80"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://B\u00dcCHER.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("https://[2001:DB8:0:0::1]:443", "https://[2001:db8::1]"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_an_origin_has_one_form(written: str, canonical: str) -> None:
    assert canonical_origin(written) == canonical == canonical_origin(canonical)
    assert read_settings({"QUORUM_CORS_ORIGINS": f" {written} , "}).cors_origins == (canonical,)
    assert allowed(Headers([canonical]), written) == (written if written.isascii() else None)  # browsers send ASCII


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "null", "news.example.org", "//news.example.org", "https://", "https:///", "ftp://news.example.org"),
        *("https://news.example.org/", "https://news.example.org?x", "https://news.example.org#x", "https://a b"),
        *("https://user@news.example.org", "https://[2001:db8::1", "https://2001:db8::1", "https://a:b", "https://a:0"),
        *("https://a:99999", "https://.*\\.example.org", "https://%41.example", "https://a\\b", "x" * 5000),
    ],
)
def test_what_is_no_origin_is_refused_and_lets_nobody_in(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_origin(text)
    assert allowed(Headers(["https://news.example.org"]), text) is None
    if text:
        with pytest.raises(SettingsError, match="QUORUM_CORS_ORIGINS"):
            read_settings({"QUORUM_CORS_ORIGINS": text})


def allowed(headers: Headers, origin: str, path: str = "/v1/reports") -> str | None:
    fields: Fields = [("Content-Type", "application/json")]
    headers.add(fields, path, origin, "POST")
    return dict(fields).get("Access-Control-Allow-Origin")


OURS = ("https://[2001:db8::1]", "https://news.example.org", "https://a.b:8443")
NEAR = [
    *("https://2", "https://[2]", "https://[2001:db8::2]", "https://[2001:db8::1]:444", "https://newsxexample.org"),
    *("https://news.example.org.evil.example", "https://evil.example?https://news.example.org", "http://news.example.org"),
    *("https://newsexample.org", "https://x.news.example.org", "https://news.example.org:8443", "https://a.b", "https://aXb:8443"),
    *("https://news.example.org.", "null", "https://news.example.org\n", " https://news.example.org"),
]  # fmt: skip


@pytest.mark.parametrize("origin", NEAR)
def test_an_origin_that_is_near_to_one_of_ours_is_another(origin: str) -> None:
    assert allowed(Headers(OURS), origin) is None


@given(st.sampled_from(OURS), st.text(max_size=4), st.integers(0, 40), st.integers(0, 3))
def test_no_change_of_an_origin_is_taken_for_it(ours: str, put_in: str, at: int, taken_out: int) -> None:
    changed = ours[:at] + put_in + ours[at + taken_out :]
    try:
        same = canonical_origin(changed) == ours
    except ValueError:
        same = False
    assert allowed(Headers([ours]), changed) == (changed if same and changed.isascii() else None)


@pytest.mark.parametrize("path", ["/", "/demo", "/metrics", "/docs/", "/v1", "/v2/reports", "/openapi.json"])
def test_other_pages_may_call_the_api_alone(path: str) -> None:
    assert allowed(Headers(OURS), OURS[0], path) is None


def test_a_cache_is_told_that_answers_differ_by_origin() -> None:
    for origin in (None, *OURS, *NEAR):
        fields: Fields = []
        Headers(OURS).add(fields, "/v1/reasons", origin, "GET")
        assert ("Vary", "Origin") in fields
    fields = []
    Headers().add(fields, "/v1/reasons", OURS[0], "GET")
    assert ("Vary", "Origin") not in fields
