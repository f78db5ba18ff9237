"""URLs as image ids: many spellings, one image."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidImageId
from quorum.images.image import parse_image
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.images.urls.rules import WITHOUT_QUERY, query_rules

PICTURE = "https://cdn.example.org/a/b.jpg"


def canonical_url(text: str, rules: UrlRules = KEEP_ALL) -> str:
    return rules.canonical(text)


def keeping(*names: str) -> UrlRules:
    return UrlRules(keep=query_rules({"*": names}))


@pytest.mark.parametrize(
    "spelling",
    [
        PICTURE,
        "http://cdn.example.org/a/b.jpg",
        "HTTPS://CDN.Example.ORG/a/b.jpg",
        "https://cdn.example.org:443/a/b.jpg",
        "http://cdn.example.org:80/a/b.jpg",
        "https://cdn.example.org./a/b.jpg",
        "https://cdn.example.org/a/b.jpg?utm_source=x&FBCLID=y&gclid=",
        "https://cdn.example.org/a/b.jpg#top",
        "https://cdn.example.org/a/./b.jpg",
        "https://cdn.example.org/c/../a/b.jpg",
        "https://cdn.example.org/%61/b%2Ejpg",
    ],
)
def test_all_spellings_of_a_picture_are_one_image(spelling: str) -> None:
    assert canonical_url(spelling) == PICTURE
    assert parse_image(spelling) == parse_image(PICTURE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PICTURE, "https://cdn.example.org/a/B.jpg"),
        (PICTURE, "https://cdn.example.org:8443/a/b.jpg"),
        (PICTURE, "https://other.example.org/a/b.jpg"),
        (PICTURE, PICTURE + "/"),
        ("https://cdn.example.org/a%2Fb.jpg", PICTURE),
        (PICTURE, PICTURE + "?id=1"),
        (PICTURE + "?id=1", PICTURE + "?id=2"),
        (PICTURE + "?id=1", PICTURE + "?ID=1"),
        (PICTURE + "?a=1&a=2", PICTURE + "?a=1"),
        ("https://cdn.example.org//a/b.jpg", PICTURE),
        ("https://cdn.example.org/caf%E9.jpg", "https://cdn.example.org/caf%EF%BF%BD.jpg"),
        ("https://cdn.example.org/?q=%E9", "https://cdn.example.org/?q=%25E9"),
    ],
)
def test_what_may_be_another_picture_stays_another(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_a_name_in_another_script_is_its_ascii_form() -> None:
    assert canonical_url("https://bücher.example/ü.jpg") == "https://xn--bcher-kva.example/%C3%BC.jpg"
    assert canonical_url("https://BÜCHER.example/%c3%bc.jpg") == "https://xn--bcher-kva.example/%C3%BC.jpg"


def test_a_path_may_be_empty_and_an_address_a_number() -> None:
    assert canonical_url("https://example.org") == "https://example.org/"
    assert canonical_url("http://[2001:DB8::1]:8080/a") == "https://[2001:db8::1]:8080/a"
    assert canonical_url("http://192.0.2.1/a") == "https://192.0.2.1/a"


def test_the_policy_keeps_parameters_that_tell_pictures_apart() -> None:
    keep = keeping("id", "v")
    assert (
        canonical_url("https://example.org/image.php?v=2&utm=x&id=7", keep) == "https://example.org/image.php?id=7&v=2"
    )
    assert canonical_url("https://example.org/image.php?id=7&v=2", keep) == "https://example.org/image.php?id=7&v=2"
    assert canonical_url("https://example.org/image.php?utm=x", keep) == "https://example.org/image.php"


@pytest.mark.parametrize("text", ["img-1", "httpd-logo.png", "ftp://example.org/a", "//example.org/a", "http:x"])
def test_what_is_no_web_address_stays_as_it_is(text: str) -> None:
    assert canonical_url(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://", "without a host"),
        ("https:///a.jpg", "without a host"),
        ("https://user@example.org/a", "user name or password"),
        ("https://user:secret@example.org/a", "user name or password"),
        ("https://example.org:99999/a", "not a valid URL"),
        ("https://example.org:port/a", "not a valid URL"),
        ("https://[::1/a", "not a valid URL"),
        ("https://example.org/a b.jpg", "percent-encode"),
        ("https://example.org\\@evil.example/a", "percent-encode"),
        ("https://example.org/a\nb", "percent-encode"),
    ],
)
def test_a_malformed_url_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(InvalidImageId, match=said):
        canonical_url(text)


def test_an_encoded_control_or_bidi_character_is_never_decoded() -> None:
    for raw in ("%00", "%0A", "%E2%80%AE"):
        assert canonical_url(f"https://example.org/{raw}.jpg") == f"https://example.org/{raw}.jpg"


_PATH = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="\\?#"), max_size=30
)
_QUERY = st.text("abc=&%20é/?;+", max_size=20)


@given(
    path=_PATH, query=_QUERY, fragment=st.text("abc#é", max_size=5), host=st.sampled_from(["example.org", "é.example"])
)
def test_the_form_is_its_own_form_and_hides_query_fragment_and_case(
    path: str, query: str, fragment: str, host: str
) -> None:
    url = f"https://{host}/{path}"
    form = canonical_url(url, WITHOUT_QUERY)
    assert canonical_url(form, WITHOUT_QUERY) == form
    assert canonical_url(f"HTTP://{host.upper()}/{path}?{query}#{fragment}", WITHOUT_QUERY) == form
    assert form.isascii()
    assert form.isprintable()


@pytest.mark.parametrize(
    "spelling",
    [
        "?b=2&a=x+y",
        "?a=x%20y&b=2",
        "?a=x+y&&b=2&",
        "?%61=x%20y&utm_source=z&b=%32",
        "?b=2&a=x+y#top",
        "?a=x+y&b=2&_GL=1",
    ],
)
def test_the_order_of_parameters_their_encoding_and_trackers_tell_nothing_apart(spelling: str) -> None:
    assert canonical_url(PICTURE + spelling) == PICTURE + "?a=x+y&b=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [("/e%CC%81.jpg", "/%C3%A9.jpg"), ("/e\u0301.jpg", "/é.jpg"), ("/?q=e%CC%81", "/?q=é")],
)
def test_unicode_is_normalised_be_it_encoded_or_not(one: str, other: str) -> None:
    assert canonical_url("https://example.org" + one) == canonical_url("https://example.org" + other)


@given(path=st.binary(max_size=20), query=st.binary(max_size=10))
def test_any_bytes_at_all_have_one_form(path: bytes, query: bytes) -> None:
    escaped = ["".join(f"%{byte:02x}" for byte in part) for part in (path, query)]
    form = canonical_url("https://example.org/{}?{}".format(*escaped))
    assert canonical_url(form) == form
    assert form.isascii()


@given(query=_QUERY)
def test_every_query_has_one_form(query: str) -> None:
    form = canonical_url(f"https://example.org/?{query}")
    assert canonical_url(form) == form


@given(query=_QUERY)
def test_kept_parameters_have_one_form_too(query: str) -> None:
    keep = keeping("a", "b", "é")
    form = canonical_url(f"https://example.org/?{query}", keep)
    assert canonical_url(form, keep) == form
