"""Image ids: what is taken, what is refused, and where they live."""

import re

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidImageId
from quorum.images.image import BUCKETS, MAX_ID_BYTES, MAX_SENT_BYTES, bucket_of, parse_image


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
        ("x" * (MAX_SENT_BYTES + 1), "at most 2048 bytes of UTF-8, not 2049"),
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
        ("a\u2028", "a line or paragraph separator"),
        ("a\u2029", "a line or paragraph separator"),
        ("\uffff", "a noncharacter"),
        ("a\ufdd0", "a noncharacter"),
        ("\U0010fffe", "a noncharacter"),
        ("caf\ufffd.jpg", "a replacement character"),
        ("\u200da", "formatting character"),
        ("a\u200db", "formatting character"),
        ("ب\u200c\u200cب", "formatting character"),
        ("ب\u200c", "formatting character"),
        ("a\ufe0f", "formatting character"),
        ("a\u3164", "formatting character"),
        ("a\u034fb", "formatting character"),
        ("a\U000e0041", "formatting character"),
        ("https://example.org/\u202ea.jpg", "formatting character"),
        ("é" * 1025, "at most 2048 bytes"),
    ],
)
def test_what_cannot_be_seen_is_refused_and_said(text: str, said: str) -> None:
    with pytest.raises(InvalidImageId, match=said):
        parse_image(text)


@pytest.mark.parametrize(
    "text",
    [
        *("img-1", "photos/2026/a b.jpg", "الصورة", "画像", "😀", "x" * MAX_SENT_BYTES),
        "x-\U0001fae8.jpg",  # of Unicode 15, which Python 3.11 does not know
        "\U0001fadc \U000323b0 \U00010d4a",  # of Unicode 16, 17
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.jpg",
        "ක්\u200dෂ",
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f\u200d🔥 👩🏽\u200d💻 1\ufe0f\u20e3 ☎\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "葛\U000e0100",
    ],
)
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


LONG = [
    "https://example.org/" + "صورة-" * 20 + ".jpg",  # of 79 visible characters and more
    "https://example.org/" + "画像" * 30 + ".jpg",
    "https://example.org/" + "画" * 670,
    "\U0001d160" * 512,  # NFC makes three characters of each
]


@pytest.mark.parametrize("text", LONG)
def test_what_was_sent_is_bounded_and_not_what_encoding_makes_of_it(text: str) -> None:
    image = parse_image(text)
    assert len(image.id.encode()) <= MAX_ID_BYTES
    assert parse_image(image.id) == image
    assert parse_image(text[:-1] + "x") != image


@given(st.integers(660, 676), st.sampled_from("画é☎😀a"))
def test_a_shortened_id_is_its_own_form_and_tells_its_whole_apart(length: int, character: str) -> None:
    one, other = (f"https://example.org/{character}{'画' * length}{end}" for end in "ab")
    if len(one.encode()) <= MAX_SENT_BYTES:
        assert parse_image(parse_image(one).id) == parse_image(one) != parse_image(other)


def test_an_image_is_made_by_this_module_alone() -> None:
    sources = [path for path in (ROOT / "shared" / "src").rglob("*.py") if path.name != "image.py"]
    sources += (ROOT / "services").rglob("*.py")
    assert len(sources) > 100
    assert [path.name for path in sources if re.search(r"(?<![A-Za-z_])Image\(", path.read_text())] == []
