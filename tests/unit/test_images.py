"""Image ids: what is taken, what is refused, and where they live."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidImageId
from quorum.images import BUCKETS, MAX_ID_CHARACTERS, bucket_of, parse_image


def test_two_spellings_of_one_character_are_one_image() -> None:
    composed, decomposed = parse_image("caf\u00e9"), parse_image("cafe\u0301")
    assert composed == decomposed
    assert composed.id == "caf\u00e9"


def test_case_and_spaces_tell_images_apart() -> None:
    assert len({parse_image(text).digest for text in ("a", "A", " a", "a ")}) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        ("x" * (MAX_ID_CHARACTERS + 1), "at most 200 characters, not 201"),
        ("a\nb", r"a control character \(U\+000A\) at position 1"),
        ("a\x00", "a control character"),
        ("\x7f", "a control character"),
        ("abc\u202e", r"formatting character \(U\+202E\) at position 3"),
        ("\u2066a", "formatting character"),
        ("a\u200bb", "formatting character"),
        ("\ufeffa", "formatting character"),
        ("a\ud800", "a lone surrogate"),
        ("\ue000", "a private-use character"),
        ("\U000e0001", "formatting character"),
        ("\u2028", "must not be empty"),
        ("a\u2028", "a line separator"),
        ("a\u2029", "a paragraph separator"),
        ("\uffff", "an unassigned character"),
    ],
)
def test_what_cannot_be_seen_is_refused_and_said(text: str, said: str) -> None:
    with pytest.raises(InvalidImageId, match=said):
        parse_image(text)


@pytest.mark.parametrize("text", ["img-1", "photos/2026/a b.jpg", "الصورة", "画像", "😀", "x" * MAX_ID_CHARACTERS])
def test_what_can_be_seen_is_taken(text: str) -> None:
    assert parse_image(text).id == text


@given(st.text(min_size=1, max_size=50), st.integers(1, 64))
def test_every_image_has_a_bucket_and_a_partition(text: str, partitions: int) -> None:
    try:
        image = parse_image(text)
    except InvalidImageId:
        return
    assert len(image.digest) == 16
    assert 0 <= image.bucket < BUCKETS
    assert 0 <= image.partition(partitions) < partitions
    assert parse_image(image.id) == image


def test_buckets_and_partitions_are_used_evenly() -> None:
    images = [parse_image(f"img-{number}") for number in range(20_000)]
    assert len({image.bucket // (BUCKETS // 256) for image in images}) == 256
    counts = [sum(image.partition(4) == partition for image in images) for partition in range(4)]
    assert min(counts) > 4_500
    assert max(bucket_of(b"\xff" * 16), bucket_of(b"\x00" * 16)) == BUCKETS - 1
