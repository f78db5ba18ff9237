"""The world of the attacks: its clock, its limits, its sweeper, its moderators, and who reports in it."""

import dataclasses

import pytest

from quorum.moderation.decisions import Action
from quorum.policy import Policy, load_policy, parse_policy
from quorum.reporters.fingerprints import UNKNOWN_AGE
from quorum.simulation.attacks.crews import (
    Person,
    accounts,
    anonymous,
    bought,
    carriers,
    everywhere,
    one_address,
    one_near,
    one_near_v6,
    one_wide,
    one_wide_v6,
    readers,
    trusted,
)
from quorum.simulation.attacks.prices import KINDS, PLACES, least_crew, prices
from quorum.simulation.attacks.settings import Times, changed, resolved, written
from quorum.simulation.attacks.stories import BAD, DAY_MS, DECOY, GOOD, HOUR_MS, INVENTED, images, span
from quorum.simulation.attacks.world import SWEEP_MS, World, easiest_reason

POLICY = load_policy()
[PICTURE] = images(GOOD, 1)


def with_rules(**limits: int) -> Policy:
    return dataclasses.replace(POLICY, limits=dataclasses.replace(POLICY.limits, **limits))


def test_who_meets_the_limit_of_a_minute_waits() -> None:
    world = World(with_rules(reporter=2))
    begun = world.now
    world.attack(accounts("crew", 1), images(INVENTED, 5))
    assert 2 <= (world.now // 60_000) - (begun // 60_000) <= 3
    assert world.cost.reports == 5


def test_a_network_has_a_limit_too_and_strangers_have_none_in_common() -> None:
    world = World(with_rules(reporter=0, network=2))
    begun = world.now
    world.attack(accounts("crew", 4, everywhere), [PICTURE])
    assert world.now < begun + 1000
    world.attack(accounts("crew", 4, one_near), [PICTURE])
    assert world.now // 60_000 == begun // 60_000 + 1


def test_a_budget_that_is_whole_again_lets_the_next_ten_cross() -> None:
    world = World(POLICY)
    world.attack(accounts("crew", 5), images(GOOD, 30))
    assert _blocked(world) == 10
    world.wait(hours=23)
    assert _blocked(world) == 10
    world.wait(hours=1.1)
    assert _blocked(world) == 20
    assert world.waiting(GOOD) == world.waiting() == 10
    assert world.waiting(BAD) == 0


def test_what_is_held_for_the_shields_is_blocked_within_a_sweep_of_their_end() -> None:
    world = World(POLICY)
    world.raise_shields()
    begun = world.now
    world.attack(accounts("crew", 5), [PICTURE])
    assert world.queued == 1
    world.wait(hours=2)
    at = world.stories[PICTURE.id].blocked_ms
    assert at is not None
    assert begun + HOUR_MS <= at <= begun + HOUR_MS + SWEEP_MS


def test_a_mute_and_a_lower_bar_are_noticed_at_the_next_sweep() -> None:
    protected = parse_policy(
        "threshold=2\nmin_reporters=2\nwindow_days=1\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nspam=1\n"
        "[shields]\nblocks_per_hour=1\n",
        "test",
    )
    world = World(protected)
    crew = accounts("crew", 4)
    world.raise_shields()
    world.attack(crew[:3], [PICTURE])
    assert world.waiting() == 1
    world.mute(crew[:2], days=1)
    world.wait(minutes=1)
    assert world.waiting() == 0
    world.adopt(changed(protected, {"threshold": 0.5, "min_reporters": 1}))
    world.wait(minutes=1)
    assert _blocked(world) == 1


def test_a_window_that_ends_releases() -> None:
    world = World(changed(POLICY, {"shields.up_minutes": 60 * 24 * 60.0}))
    world.raise_shields()
    world.attack(accounts("crew", 4), [PICTURE])
    world.wait(days=20)
    world.attack(accounts("crew", 1, first=9), [PICTURE])
    world.wait(days=9.9)
    assert world.waiting() == 1
    world.wait(days=0.2)
    assert (world.waiting(), _blocked(world)) == (0, 0)


def test_a_report_that_is_taken_back_soon_undoes_the_block() -> None:
    world = World(POLICY)
    crew = accounts("crew", 5)
    world.attack(crew, [PICTURE])
    world.wait(minutes=1)
    assert _blocked(world) == 1
    world.withdraw(crew[:1], [PICTURE])
    assert _blocked(world) == 0
    assert world.stories[PICTURE.id].was_blocked
    assert world.cost.reports == 6


def test_moderators_judge_things_as_they_are() -> None:
    world = World(POLICY)
    crew = accounts("crew", 5)
    world.attack(crew, [*images(GOOD, 1), *images(DECOY, 1), *images(BAD, 1)])
    world.moderate()
    blocked = {name for name, story in world.stories.items() if story.blocked_ms is not None}
    assert blocked == {"decoy-0", "bad-0"}
    assert world.stories["good-0"].was_blocked


def test_moderators_know_nothing_of_what_nobody_reports() -> None:
    world = World(POLICY)
    world.decide(PICTURE, Action.CLEAR)
    world.attack(accounts("crew", 5), [PICTURE])
    assert _blocked(world) == 1


def test_without_the_attack_only_readers_report() -> None:
    world = World(POLICY, attacked=False)
    world.attack(accounts("crew", 5), [PICTURE])
    assert world.upload(images(DECOY, 3)) == []
    world.help(readers(5), images(BAD, 1)[0])
    assert list(world.stories) == ["bad-0"]
    assert world.stories["bad-0"].took_ms == 40_000
    assert world.cost.reports == 0


def test_partitions_share_the_budgets_of_people_rounded_up() -> None:
    for partitions, most in ((2, 10), (4, 12)):
        world = World(POLICY, partitions=partitions)
        world.attack(accounts("crew", 5), images(GOOD, 60))
        assert _blocked(world) == most


def test_the_easiest_reason_is_the_one_with_the_lowest_bar_for_its_weight() -> None:
    rules = "threshold=5\nmin_reporters=1\nwindow_days=1\n[reporters]\nverified=1\nanonymous=0\n[reasons]\n"
    assert easiest_reason(parse_policy(rules + "spam=1\nhate=1.5", "test")) == "hate"
    lower = "self_harm={weight=1, threshold=2, min_reporters=2}"
    assert easiest_reason(parse_policy(f"{rules}spam=2\n{lower}", "test")) == "self_harm"


def test_accounts_grow_older_and_what_is_not_told_is_no_age() -> None:
    [person] = accounts("crew", 1, since_ms=10 * DAY_MS)
    assert person.at(10 * DAY_MS + HOUR_MS).age == 60
    assert person.at(9 * DAY_MS).age == 0
    assert person.at(900 * DAY_MS).age == UNKNOWN_AGE - 1
    assert accounts("crew", 1)[0].at(0).age == UNKNOWN_AGE


def test_anonymous_readers_are_their_addresses() -> None:
    assert len({one.fingerprint for one in anonymous(9, one_address)}) == 1
    assert len({one.fingerprint for one in anonymous(256, one_near)}) == 256
    assert len({one.fingerprint for one in anonymous(256, one_near_v6)}) == 256
    assert len({one.fingerprint for one in anonymous(99, carriers)}) == 16


def test_places_are_within_one_another_as_they_say() -> None:
    def shared(people: list[Person]) -> tuple[int, int, int]:
        return (
            len({one.networks.address for one in people}),
            len({one.networks.near for one in people}),
            len({one.networks.wide for one in people}),
        )

    assert shared(accounts("a", 9, everywhere)) == (9, 9, 9)
    assert shared(accounts("a", 9, one_wide)) == shared(accounts("a", 9, one_wide_v6)) == (9, 9, 1)
    assert shared(accounts("a", 9, one_near)) == shared(accounts("a", 9, one_near_v6)) == (9, 1, 1)
    assert shared(accounts("a", 9, one_address)) == (1, 1, 1)
    assert shared(accounts("a", 99, carriers)) == (16, 4, 4)
    assert not accounts("a", 1, None)[0].networks.wide
    assert trusted("ngo").reporter_class == "trusted"


def test_a_bought_account_is_old_and_costs_no_time() -> None:
    world = World(POLICY)
    crew = bought(5, world.before(days=365))
    assert crew[0].at(world.now).age == UNKNOWN_AGE - 1
    world.attack(crew, [PICTURE])
    assert world.cost.days < 0.01


def test_settings_are_changed_by_the_names_that_the_file_gives_them() -> None:
    settings = {
        "threshold": Times(2),
        "window_days": 3,
        "reporters.anonymous": Times(0.5),
        "people.blocks_per_day": Times(0.01),
        "views.least_ratio": 0.25,
    }
    assert written(resolved(POLICY, settings)) == (
        "threshold = 10.0, window_days = 3, reporters.anonymous = 0.25, people.blocks_per_day = 1, "
        "views.least_ratio = 0.25"
    )
    other = changed(POLICY, settings)
    assert (other.threshold, other.window_seconds, other.least_view_ratio) == (10.0, 3 * 86_400, 0.25)
    assert (other.reporter_weights["anonymous"], other.people.blocks_per_day) == (0.25, 1)
    assert changed(POLICY, {"window_days": Times(2)}).window_seconds == 60 * 86_400
    assert resolved(POLICY, {"views.least_ratio": Times(2)}) == {"views.least_ratio": 0.0}
    assert POLICY.reporter_weights["anonymous"] == 0.5
    with pytest.raises(TypeError):
        changed(POLICY, {"people.nobody": 1})
    with pytest.raises(AttributeError):
        changed(POLICY, {"people.nobody": Times(2)})


def test_the_least_crew_is_that_of_the_formula() -> None:
    """A bar of 5: of strangers 5 / weight, of one /16 the square of 5 points; of one /24 256 come to less."""
    found = prices(POLICY)
    assert list(found) == list(KINDS)
    assert found["accounts whose age is not told"] == [5, 25, None, None]
    assert found["anonymous readers"] == [10, 50, None, None]
    assert found["accounts of a week"] == [5, 25, None, None]
    assert found["accounts of a day"][0] == 36  # 142 thousandths each: 35 come to 4.97
    assert found["accounts of an hour"] == [None] * 4
    lower = changed(POLICY, {"threshold": 1.0})
    assert least_crew(lower, KINDS["accounts whose age is not told"], PLACES["one address"]) == 3  # min_reporters


def test_spans_are_told_in_the_largest_unit() -> None:
    assert [span(ms) for ms in (0, 50, 40_000, 61_000, 5_400_000, DAY_MS * 7)] == [
        *("at once", "0.05 s", "40 s", "1.02 min", "1.5 h", "7 d")
    ]


def _blocked(world: World) -> int:
    return sum(story.blocked_ms is not None for story in world.stories.values())
