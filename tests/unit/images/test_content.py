"""Content hashes: which say something of a picture, and when two are of one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidContentHash
from quorum.images.content import parse_content, pdq_distance

# Of a photograph, as the authors of PDQ publish it (ThreatExchange, pdq/data).
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.mark.parametrize(
    ("content_hash", "said"),
    [
        ("sha256:" + "0" * 64, "one digit again and again"),
        ("sha256:" + "F" * 64, "one digit again and again"),
        ("pdq:" + "0" * 64, "one digit again and again"),
        ("pdq:" + "f" * 64, "one digit again and again"),
        ("pdq:" + "0123" * 16, "a few bytes again and again"),
        ("pdq:" + "00" * 24 + "0123456789abcdef", "of a picture without features"),
        ("pdq:" + hashlib.sha256(b"").hexdigest(), "SHA-256 of an empty file"),
        *(
            (f"sha256:{hashlib.sha256(what).hexdigest()}", "SHA-256 of ")
            for what in (b"", b"\n", b"null", b"{}", b"\0")
        ),
        *(
            (f"sha256:{hashlib.new(name, b'').hexdigest():0{side}64s}", "an empty file, filled up")
            for name in ("md5", "sha1")
            for side in "<>"
        ),
        ("sha256:abc", "must be sha256: or pdq:"),
    ],
)
def test_a_hash_that_says_nothing_is_refused_with_its_reason(content_hash: str, said: str) -> None:
    with pytest.raises(InvalidContentHash, match=said):
        parse_content(content_hash)


def test_case_tells_no_hashes_apart_and_kinds_do() -> None:
    assert parse_content(f"pdq:{PDQ}") == parse_content(f"PDQ:{PDQ.upper()}")
    assert parse_content(f"pdq:{PDQ}").digest != parse_content(f"sha256:{PDQ}").digest
    assert parse_content(f"sha256:{PDQ}").pdq is None


@given(st.binary(max_size=40))
def test_what_real_files_hash_to_is_taken(content: bytes) -> None:
    digits = hashlib.sha256(b"a picture " + content).hexdigest()
    assert parse_content(f"sha256:{digits}").digest == parse_content(f"sha256:{digits}").digest
    assert parse_content(f"pdq:{digits}").pdq == bytes.fromhex(digits)


@given(st.sets(st.integers(0, 255), max_size=40))
def test_the_distance_is_the_number_of_bits_that_differ(flipped: set[int]) -> None:
    one = bytes.fromhex(PDQ)
    other = (int.from_bytes(one, "big") ^ sum(1 << bit for bit in flipped)).to_bytes(32, "big")
    assert pdq_distance(one, other) == pdq_distance(other, one) == len(flipped)
