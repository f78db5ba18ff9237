"""What a token says, signed with the right key: a reader for a time that makes sense, or a refusal that says why."""

import json
import time
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.utils import base64url_encode

from quorum.errors import InvalidToken
from quorum.people import Person
from quorum.reporters.token_keys import read_token_keys
from quorum.reporters.tokens import LEEWAY_SECONDS, Subject, TokenReader

SECRET = "a token secret for tests only, 32 bytes"
DAY = 86_400
READER = TokenReader(read_token_keys(SECRET, None), "quorum")


def signed(payload: bytes, header: bytes = b'{"alg": "HS256"}') -> str:
    """Sign any bytes: claims and headers that a library would not."""
    told = b".".join(map(base64url_encode, (header, payload)))
    algorithm = jwt.get_algorithm_by_name("HS256")
    return (told + b"." + base64url_encode(algorithm.sign(told, SECRET.encode()))).decode()


def claims(**changes: Any) -> bytes:
    fields = {"sub": "reader-1", "aud": "quorum", "exp": int(time.time()) + 600, **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def subject(payload: bytes, longest: float = DAY) -> Subject:
    return READER.subject(signed(payload), longest)


@dataclass(frozen=True)
class In:
    """A time so many seconds from now."""

    seconds: int


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": 1}, "it has expired"),
        ({"aud": "another"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": ["another", 7, None]}, "another audience"),
        ({"aud": {"quorum": 1}}, "another audience"),
        ({"aud": 7}, "another audience"),
        ({"sub": "  "}, "blank"),
        ({"sub": ""}, "blank"),
        ({"sub": 7}, "no text"),
        ({"sub": ["reader-1"]}, "no text"),
        ({"sub": "\ud800"}, "its sub holds a lone surrogate"),
        ({"sub": None}, "no sub"),
        ({"sub": ...}, "no sub"),
        ({"exp": ...}, "no exp"),
        ({"aud": ...}, "no aud"),
        ({"nbf": In(DAY)}, "not valid yet"),
        ({"iat": In(DAY)}, "not valid yet"),
        ({"nbf": In(20), "exp": In(10)}, "ends before it begins"),
        ({"exp": In(2 * DAY)}, r"the policy allows 24 hours \(tokens.max_hours\)"),
        ({"exp": In(100 * 365 * DAY)}, "for too long"),
        ({"iat": In(-2 * DAY)}, "for too long"),
        ({"since": "yesterday"}, "its since is not a time"),
    ],
)
def test_claims_that_do_not_hold_are_refused_and_said_why(changes: dict[str, Any], said: str) -> None:
    now = int(time.time())  # the test may run long after it was collected
    told = {name: now + value.seconds if isinstance(value, In) else value for name, value in changes.items()}
    with pytest.raises(InvalidToken, match=said):
        subject(claims(**told))


@pytest.mark.parametrize("value", ["1e400", "-1", "NaN", "Infinity", "-Infinity", "9" * 400, "253402300800"])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "since"])
def test_a_time_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidToken, match=f"its {name} is (not a time|in the future)"):
        subject(claims(**{name: "TIME"}).replace(b'"TIME"', value.encode()))


@pytest.mark.parametrize("value", [True, "600", [1], {}])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "since"])
def test_a_time_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidToken, match=f"its {name} is not a time"):
        subject(claims(**{name: value}))


def test_clocks_may_differ_by_half_a_minute() -> None:
    now = time.time()
    near, far = LEEWAY_SECONDS - 5, LEEWAY_SECONDS + 5
    for good in ({"exp": now - near}, {"iat": now + near}, {"nbf": now + near}, {"exp": now + DAY + near}):
        assert subject(claims(**good)).person.name == "reader-1"
    for bad in ({"exp": now - far}, {"iat": now + far}, {"nbf": now + far}, {"exp": now + DAY + far}):
        with pytest.raises(InvalidToken):
            subject(claims(**bad))


def test_the_policy_says_how_long_a_token_may_be_valid() -> None:
    token = signed(claims(exp=time.time() + 7200))
    assert READER.subject(token, 7200) == Subject(Person("reader-1"))
    with pytest.raises(InvalidToken, match="the policy allows 1 hours"):
        READER.subject(token, 3600)


def test_one_of_several_audiences_is_enough() -> None:
    assert subject(claims(aud=["another", "quorum"])).person.name == "reader-1"


@pytest.mark.parametrize("payload", [b"", b"7", b"[]", b"null", b'"sub"', b"{", b"\xff", b"\xfe\xff\x00{", b"[" * 2900])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidToken, match="its claims are not"):
        subject(payload)


@pytest.mark.parametrize(
    "header",
    [
        *(b"", b"7", b"[]", b"null", b"{", b"\xff", b"[" * 2900, b"{}", b'{"alg": null}', b'{"alg": ["HS256"]}'),
        b'{"alg": 7}',
        *(b'{"alg": "none"}', b'{"alg": "hs256"}', b'{"alg": "HS256", "kid": 7}', b'{"alg": "HS256", "kid": ["a"]}'),
        *(b'{"alg": "HS256", "kid": "unknown"}', b'{"alg": "HS256", "kid": "\\ud800"}'),
        b'{"alg": "HS256", "crit": []}',
        *(b'{"alg": "HS256", "crit": ["exp"], "exp": 1}', b'{"alg": "HS256", "crit": ["b64"]}'),
        b'{"alg": "HS256", "crit": 7}',
        *(b'{"alg": "HS256", "b64": false}', b'{"alg": "HS256", "b64": false, "crit": ["b64"]}'),
        *(b'{"alg": "HS256", "crit": ["b64", 7], "b64": true}', b'{"alg": "HS256", "x": "' + b"a" * 4096 + b'"}'),
    ],
)  # fmt: skip
def test_a_header_that_asks_for_something_else_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidToken):
        READER.subject(signed(claims(), header), DAY)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["sub", "aud", "exp", "nbf", "iat", "since", "jti", "iss"])
HEADERS = st.sampled_from(["alg", "kid", "crit", "b64", "typ", "cty", "jwk", "jku", "x5c", "zip", "enc"])


@given(st.dictionaries(NAMES, ANY), st.dictionaries(HEADERS, ANY))
@example({"sub": "\ud800"}, {})
@example({"exp": 10**400}, {})
@example({"exp": float("inf")}, {"kid": "\udfff"})
def test_any_claims_and_headers_name_a_reader_or_are_refused(says: dict[str, Any], heads: dict[str, Any]) -> None:
    header = json.dumps({"alg": "HS256", **heads}).encode()
    token = signed(claims(**says), header)
    try:
        found = READER.subject(token, DAY)
    except InvalidToken:
        return
    assert found.person.name.strip()
    found.person.name.encode()


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_any_bytes_under_a_good_signature_are_refused(payload: bytes, header: bytes) -> None:
    with pytest.raises(InvalidToken):
        READER.subject(signed(payload), DAY)
    with pytest.raises(InvalidToken):
        READER.subject(signed(claims(), header), DAY)
