"""docs/console.md has the numbers of the rooms."""

import pytest
from conftest import ROOT

from console import audit, webhooks
from console.audit import exporting, finding
from console.policy import replaying
from console.webhooks import looking
from quorum.access import deeds, stored_keys
from quorum.moderation import shields
from quorum.webhooks import given_up

PAGE = " ".join((ROOT / "docs" / "console.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "words",
    [
        f"the last {replaying.REPORTS[0]:,} real reports",
        f"longer than {replaying.SECONDS:g} seconds, it is the last {replaying.REPORTS[1]:,}",
        f"the first {replaying.MOST_IMAGES} images",
        f"the last {shields.LOOKED_AT:,} events",
        f"older than {looking.BEHIND_MS // 1000} seconds",
        f"the last {webhooks.DELIVERIES} deliveries",
        f"up to {given_up.MOST_AT_ONCE:,} events",
        f"newest first, {audit.PAGE} a page",
        f"looks at {finding.MOST_LOOKED_AT:,} decisions at most",
        f"the newest {exporting.MOST_EXPORTED:,} decisions at most",
        f"about the last {deeds.MOST_KEPT:,}",
    ],
)
def test_the_page_has_the_number(words: str) -> None:
    assert words in PAGE


def test_a_revoked_key_works_for_as_long_as_it_says() -> None:
    assert stored_keys.REFRESH_SECONDS == 2.0
    assert "works for two seconds more at most" in PAGE
