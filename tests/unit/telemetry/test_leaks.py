"""The search for what was said of people finds what it is told to look for."""

import base64
import hashlib

import pytest
from leaks import Leaks, digests_of, forms_of, texts_of

FILLING = b"x" * 100


def test_a_name_and_an_address_are_found_as_they_are() -> None:
    leaks = Leaks([b"jeanne-dupont", *forms_of("2001:db8:7:9::1")], [])
    assert leaks.within("here", FILLING) == []
    for text in (b"jeanne-dupont", b"2001:db8:7:9::/64", bytes.fromhex("20010db800070009") + bytes(8)):
        assert leaks.within("here", FILLING + text + FILLING), text


@pytest.mark.parametrize("number", range(len(list(digests_of(b"")))))
def test_a_digest_by_any_algorithm_is_found_in_any_form_and_cut(number: int) -> None:
    leaks = Leaks([], [b"jeanne-dupont"])
    digest = list(digests_of(b"jeanne-dupont"))[number]
    for form in (digest, digest[:8], digest.hex().encode(), digest.hex().upper().encode(), base64.b64encode(digest)):
        assert leaks.within("here", FILLING + form + FILLING)


def test_a_digest_of_joined_fields_is_found() -> None:
    leaks = Leaks([], texts_of(["/v1/reports", "198.51.100.7", "my-key"]))
    caller = hashlib.blake2b(b"/v1/reports\x00198.51.100.7\x00my-key", digest_size=16, person=b"quorum.idem")
    assert leaks.within("here", caller.digest())
    assert not leaks.within("here", hashlib.sha256(b"/v1/reports\x00198.51.100.8\x00my-key").digest())
