"""The trail read from its end, over several partitions; and the last of journals and deeds."""

import json

import pytest
from conftest import make_settings
from store import entry, open_bench

from quorum.access.deeds import MOST_KEPT, Deeds
from quorum.errors import InvalidCursor
from quorum.moderation.trail import Trail
from quorum.settings import Settings
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.journal import Journal

PARTITIONS = 3


@pytest.fixture
def wide(redis_url: str) -> Settings:
    return make_settings(redis_url, partitions=PARTITIONS)


def test_pages_go_back_over_all_partitions_without_gap_or_overlap(wide: Settings) -> None:
    with open_bench(wide) as bench:
        check_layout(bench.client, wide.namespace, PARTITIONS)
        trail = Trail(bench.client, wide.namespace, PARTITIONS)
        assert trail.before(None, 2) == ([], None)
        for number in range(7):
            said = json.dumps({"image_id": f"img-{number}"})
            key = keys_of(wide.namespace, number % PARTITIONS).audit
            bench.client.xadd(key, {"decision": said}, id=f"{1000 + number}-0")
        bench.client.xadd(keys_of(wide.namespace, 0).audit, {"decision": "not json"}, id="2000-0")
        seen, cursor = [], None
        for _ in range(4):
            page, cursor = trail.before(cursor, 2)
            seen += [said.said["image_id"] for said, _ in page]
        assert seen == [f"img-{number}" for number in range(6, -1, -1)]
        page, _ = trail.before(None, 9, since_ms=1002, until_ms=1004)
        assert [said.said["image_id"] for said, _ in page] == ["img-4", "img-3", "img-2"]
        page, _ = trail.before(page[0][1], 9, since_ms=1002)
        assert [said.said["image_id"] for said, _ in page] == ["img-3", "img-2"]
        with pytest.raises(InvalidCursor):
            trail.before("1-0", 2)


def test_the_last_of_a_journal_and_how_many_there_are(settings: Settings) -> None:
    with open_bench(settings) as bench:
        journal = Journal(bench.client, settings.namespace, 1)
        assert journal.latest(3) == ([], 0)
        bench.client.rpush(
            bench.keys.journal, *(entry(f"img-{n}", "reader", at=1_760_000_000_000 + n) for n in range(5))
        )
        reports, kept = journal.latest(3)
        assert [report.image.id for report in reports] == ["img-2", "img-3", "img-4"]
        assert kept == 5


def test_deeds_are_kept_newest_first_and_bounded(settings: Settings) -> None:
    with open_bench(settings) as bench:
        deeds = Deeds(bench.client, settings.namespace)
        for number in range(MOST_KEPT + 300):
            deeds.note("admin", "key created", f"key {number}" + "x" * 1000)
        assert bench.client.xlen(bench.keys.deeds) < MOST_KEPT + 200
        [last] = deeds.last(1)
        assert last.about.startswith(f"key {MOST_KEPT + 299}")
        assert len(last.about) == 300
