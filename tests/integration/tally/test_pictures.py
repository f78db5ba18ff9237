"""Pictures that are nearly the same: PDQ hashes within 31 bits share a tally, from the request to the event."""

import random
from collections.abc import Iterator

import pytest
from conftest import SITE_KEY, claimed_app, namespace_keys
from flask.testing import FlaskClient
from store import NOW_MS, Bench

from quorum.images.content import parse_content
from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.reporters.fingerprints import Reporter
from quorum.settings import Settings
from quorum.simulation.recorded import from_lines, to_line
from quorum.tally.codec import encode_report, encode_stamp

KEY = {"Authorization": f"Bearer {SITE_KEY}"}
PDQ = random.Random(1).getrandbits(256)


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def flipped(count: int, seed: int = 0) -> int:
    return PDQ ^ sum(1 << bit for bit in random.Random(seed).sample(range(256), count))


def body(image: str, pdq: int, reader: int, quality: int | None = 90) -> dict[str, object]:
    report: dict[str, object] = {"image_id": image, "reason": "violence", "reporter_id": f"reader-{reader}"}
    report["content_hash"] = f"pdq:{pdq:064x}"
    return report if quality is None else {**report, "content_quality": quality}


def entry(image: str, pdq: int) -> bytes:
    content = parse_content(f"pdq:{pdq:064x}")
    reporter = Reporter("verified", b"r" * 12)
    return encode_stamp(NOW_MS) + encode_report(
        Report(parse_image(image), reporter, "violence", 0, content.digest, pdq=content.pdq)
    )


@pytest.mark.parametrize("seed", range(5))
def test_pictures_within_31_bits_are_blocked_together_and_one_beyond_is_not(
    client: FlaskClient, bench: Bench, seed: int
) -> None:
    hashes = [PDQ, *(flipped(31, seed * 10 + number) for number in range(4))]
    for number, pdq in enumerate(hashes):
        assert client.post("/v1/reports", json=body(f"img-{number}", pdq, number), headers=KEY).status_code == 202
    assert client.post("/v1/reports", json=body("beyond", flipped(32, seed), 9), headers=KEY).status_code == 202
    assert bench.drain().blocked == 5
    assert bench.status("beyond").state.public_name == "open"


def test_five_pictures_that_share_a_bad_hash_are_not_one(client: FlaskClient, bench: Bench) -> None:
    for number in range(5):
        answer = client.post("/v1/reports", json=body(f"img-{number}", 0, number), headers=KEY)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] == "content_hash"
    assert bench.drain().taken == 0


@pytest.mark.parametrize(("quality", "status"), [(None, 422), (49, 422), (-1, 422), (101, 422), ("90", 422), (50, 202)])
def test_a_pdq_hash_comes_with_a_quality_of_50_or_more(client: FlaskClient, quality: object, status: int) -> None:
    answer = client.post("/v1/reports", json=body("img", PDQ, 1, quality), headers=KEY)  # type: ignore[arg-type]
    assert answer.status_code == status
    if status == 422:
        assert answer.get_json()["errors"][0]["field"] == "content_quality"
        assert answer.get_json()["image_id"] == "img"


def test_a_call_compares_so_many_hashes_and_leaves_the_rest_for_the_next(bench: Bench) -> None:
    hashes = [random.Random(number).getrandbits(256) for number in range(400)]
    for number, pdq in enumerate(hashes):
        bench.client.rpush(bench.keys.inbox, entry(f"img-{number}", pdq))
    taken: list[int] = []
    while not taken or taken[-1]:
        drained = bench.drain()
        taken.append(drained.taken)
        assert drained.dead == 0
        assert sum(taken) + drained.left == 400
    assert len(taken) > 3
    assert sum(taken) == 400
    assert sum(int(bench.client.strlen(key)) for key in bench.client.scan_iter(f"{bench.keys.bands}*")) == 400 * 16 * 48


def test_a_hash_is_forgotten_with_its_picture(bench: Bench) -> None:
    before = set(namespace_keys(bench.client, bench.keys.inbox.partition(":")[0]))
    for number in range(20):
        pdq = flipped(100 if number % 2 else 9, number)
        bench.client.rpush(bench.keys.inbox, entry(f"img-{number}", pdq))
    bench.drain()
    assert list(bench.client.scan_iter(f"{bench.keys.bands}*"))
    digests = [key for name in bench.client.scan_iter(f"{bench.keys.hashes}*") for key in bench.client.hkeys(name)]
    assert len(digests) == 11
    for digest in digests:  # the reports are of a time long ago
        bench.tally.compact(bench.policy, digest[0] * 256 + digest[1])
    after = set(namespace_keys(bench.client, bench.keys.inbox.partition(":")[0])) - before
    assert {key for key in after if b"bands" in key or b"hashes" in key or b"aliases" in key} == set()


def test_a_recorded_report_keeps_its_hash() -> None:
    content = parse_content(f"pdq:{PDQ:064x}")
    report = Report(parse_image("a"), Reporter("verified", b"r" * 12), "spam", 1, content.digest, pdq=content.pdq)
    assert list(from_lines([to_line(report)])) == [report]
