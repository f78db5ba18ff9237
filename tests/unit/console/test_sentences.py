"""What the console says of an image: a sentence for every state and every cause, true of what is there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.images.words import CAUSES, STATES, happened, letter, sentences
from quorum.images.image import parse_image
from quorum.judgement.records import Book, Row, State
from quorum.judgement.waiting import Cause
from quorum.moderation.dossier import Dossier, Reporter, bar_of
from quorum.moderation.stories import MARKS, Told
from quorum.moderation.waiting.weights import weights_of
from quorum.policy import load_policy
from quorum.policy.accuracy import Standing
from quorum.reporters.fingerprints import NOWHERE, Networks
from quorum.tally.statuses import ImageStatus

POLICY = load_policy(None)
NOW = 1_760_000_000_000


def dossier(
    state: State = State.OPEN,
    cause: Cause | None = None,
    networks: tuple[Networks, ...] = (),
    *,
    muted: int = 0,
    warned: int = 0,
    new: int = 0,
    cleared_before: bool = False,
) -> Dossier:
    rows = {bytes([number]) * 12: Row(NOW, "violence", "verified", networks=one) for number, one in enumerate(networks)}
    people = [
        Reporter(
            person,
            row,
            1.0,
            0 if row.networks.wide else None,
            Standing(),
            number < muted,
            muted <= number < muted + warned,
            number < new,
        )
        for number, (person, row) in enumerate(rows.items())
    ]
    image = parse_image("img-1")
    return Dossier(
        image=image,
        status=ImageStatus("img-1", state, reporters=len(rows), reasons={"violence": len(rows)} if rows else {}),
        cause=cause,
        since_ms=NOW if cause else None,
        score=float(len(rows)),
        bar=bar_of(POLICY, "img-1", cleared_before=cleared_before),
        cleared_before=cleared_before,
        reporters=people,
        weights=weights_of(rows, Book(POLICY), NOW),
        claim=None,
        views=0,
    )


def said(found: Dossier) -> str:
    return " ".join(sentences(found, POLICY))


def test_five_readers_two_of_one_network() -> None:
    office = Networks(7, 7, 7)
    text = said(dossier(State.HELD, Cause.SHIELDS, (office, office, NOWHERE, NOWHERE, NOWHERE)))
    assert text.startswith("5 people have reported it: 5 \N{MULTIPLICATION SIGN} Violence.")
    assert "2 of them share one network" in text
    assert "Together they come to 5.0 points; the bar is 5.0, and 3 people." in text
    assert "the shields were up" in text


@pytest.mark.parametrize("cause", list(Cause))
def test_why_it_waits_is_said_for_every_cause(cause: Cause) -> None:
    assert "It waits because" in said(dossier(State.HELD, cause, (NOWHERE,) * 3)) or cause is Cause.UNKNOWN
    assert cause in CAUSES


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_word_and_a_sentence(state: State) -> None:
    assert STATES[state]
    assert said(dossier(state)).startswith(("Nobody has reported it", "The reports that it had"))


def test_young_accounts_and_what_was_set_aside_are_said() -> None:
    assert "3 have accounts that are too young" in said(dossier(networks=(NOWHERE,) * 4, new=3))
    cleared = said(dossier(State.CLEARED))
    assert "set aside when it was cleared" in cleared
    assert "whatever these reports say" not in cleared


def test_a_higher_bar_and_doubtful_people_are_said() -> None:
    text = said(dossier(State.OPEN, networks=(NOWHERE,) * 4, muted=1, warned=2, cleared_before=True))
    assert "1 is muted." in text
    assert "2 were warned" in text
    assert "because it was cleared before" in text
    assert f"the bar is {5.0 * POLICY.after_clear.threshold_factor:g}" in text


@given(st.sampled_from(list(State)), st.integers(0, 12), st.sampled_from([None, *Cause]))
def test_no_sentence_is_left_half_filled(state: State, people: int, cause: Cause | None) -> None:
    text = said(dossier(state, cause, (NOWHERE,) * people))
    assert not re.search(r"%\(|None|\{|  ", text)


@pytest.mark.parametrize("what", MARKS)
def test_whatever_happened_is_told(what: str) -> None:
    assert happened(Told(what, NOW))
    assert happened(Told(what, NOW, "policy", said={"score": 5.0, "reporters": 5, "decision": "clear"}))


def test_groups_have_letters() -> None:
    assert [letter(number) for number in (0, 25, 26)] == ["A", "Z", "27"]
