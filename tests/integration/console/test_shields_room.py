"""The shields in the console."""

import pytest
from console_forms import Person
from console_site import Console

from quorum.accounts.roles import Role


def test_a_lead_raises_and_lowers_them_and_everybody_sees_why(console: Console) -> None:
    lead, viewer = Person(console, Role.LEAD), Person(console, Role.VIEWER)
    assert "Raise the shields" not in viewer.look("/shields")
    assert "The shields are up." in lead.told("/shields/up", minutes="30")
    page = viewer.look("/shields")
    assert "raised by hand" in page
    assert "lead@example.org" in page
    assert "in 30 minutes" in page or "in 29 minutes" in page
    assert "their time is the new one" in lead.told("/shields/up", minutes="")
    assert "until somebody lowers them" in viewer.look("/shields")
    assert "The shields are down." in lead.told("/shields/down")
    assert "were down already" in lead.told("/shields/down")
    assert not any(shield.up_until for shield in console.parts.shields.states())


@pytest.mark.parametrize("minutes", ["0", "-1", "x", "nan", "inf", "525601"])
def test_a_time_that_is_none_is_refused(console: Console, minutes: str) -> None:
    assert "minutes" in Person(console, Role.LEAD).send("/shields/up", 422, minutes=minutes).text
    assert not any(shield.up_until for shield in console.parts.shields.states())


def test_the_pace_is_shown_against_what_raises_them(console: Console) -> None:
    console.report("img-pace", 6)
    assert "1 of 60" in Person(console, Role.VIEWER).look("/shields")
