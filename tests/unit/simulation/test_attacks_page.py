"""docs/attacks.md states what comes out of the simulation, and nothing else."""

import time

import pytest
from conftest import ROOT

from quorum.policy import load_policy
from quorum.simulation.attacks.document import BEGIN, END, with_report

SECONDS = 30  # of this process, alone on its core it takes a third


@pytest.mark.slow
def test_the_page_is_what_make_attacks_makes_of_it() -> None:
    page = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    begun = time.process_time()
    made = with_report(page, load_policy())
    took = time.process_time() - begun
    print(f"made in {took:.1f} s")
    assert made == page, "run `make attacks`, and read what has changed"
    assert took < SECONDS


def test_what_is_written_by_hand_states_no_outcome() -> None:
    page = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    by_hand = page.split(BEGIN)[0] + page.split(END)[1]
    assert " points" not in by_hand
    assert " of 20" not in by_hand
