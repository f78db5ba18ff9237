"""What the default policy promises about named attackers and crowds; docs/attacks.md tells of all of them."""

from collections import Counter

import pytest

from quorum.policy import load_policy
from quorum.simulation.attacks.attack import Attack, Outcome, attack, carry_out
from quorum.simulation.attacks.attackers import alike, budgets, keeping_up, trust, young
from quorum.simulation.attacks.attackers.catalogue import ADVICE, ATTACKS
from quorum.simulation.attacks.best import AIMS, best, best_given
from quorum.simulation.attacks.crews import accounts, readers
from quorum.simulation.attacks.crowds import CROWDS, Crowd, ask
from quorum.simulation.attacks.settings import changed
from quorum.simulation.attacks.stories import BAD, GOOD, Cost, images
from quorum.simulation.attacks.world import SWEEP_MS, World

POLICY = load_policy()


@pytest.mark.parametrize(
    ("attacker", "points"),
    [
        (young.throw_aways, 0.01),
        (young.one_an_hour, 0.0),
        (young.a_day_and_a_minute, 2.8),
        (young.too_slow_a_drip, 4.0),
        (alike.five_tokens_of_one_address, 1.2),
        (alike.ten_of_one_16, 2.2),
        (alike.ten_of_one_32, 2.2),
        (alike.all_of_one_24, 3.3),
        (alike.an_office_of_sleepers, 1.7),
        (alike.at_home_alone, 3.1),
        (trust.twelve_of_twelve_unfounded, 4.5),
        (trust.muted_too_late, 4.0),
        (trust.a_flagger_alone, 5.0),
        (trust.another_reason, 3.0),
    ],
    ids=lambda value: value.name if isinstance(value, Attack) else "",
)
def test_these_block_nothing(attacker: Attack, points: float) -> None:
    outcome = carry_out(attacker, POLICY)
    assert (outcome.good, outcome.blocked, outcome.queued) == (1, 0, 0)
    assert points <= outcome.nearest < points + 0.1


@pytest.mark.parametrize(
    "attacker",
    [
        budgets.invented_ids,
        keeping_up.owners_throw_aways,
        keeping_up.a_crew_that_has_spent_its_day,
        keeping_up.a_table_full_of_throw_aways,
        keeping_up.a_million_views,
    ],
    ids=lambda attacker: attacker.name,
)
def test_these_keep_nothing_up_and_delay_nothing(attacker: Attack) -> None:
    outcome = carry_out(attacker, POLICY)
    assert (outcome.bad, outcome.kept, outcome.delay_ms, outcome.shields) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    "attacker", [young.sleepers, alike.ten_proxies, budgets.four_thousand_first], ids=lambda attacker: attacker.name
)
def test_a_crew_spends_its_own_budget_and_the_rest_is_held(attacker: Attack) -> None:
    outcome = carry_out(attacker, POLICY)
    assert (outcome.blocked, outcome.good) == (10, 20)
    assert outcome.causes == {"budget": 10}
    assert outcome.shields == 0


def test_a_queue_that_is_worked_off_gives_a_crew_one_day() -> None:
    assert carry_out(budgets.a_queue_that_is_worked_off, POLICY).blocked == 10
    assert carry_out(trust.cleared_every_evening, POLICY).blocked == 10


def test_the_shields_cost_readers_an_hour_and_no_more() -> None:
    outcome = carry_out(budgets.shields_up_against_readers, POLICY)
    assert (outcome.bad, outcome.kept, outcome.shields) == (20, 0, 1)
    assert 0.9 < outcome.delay_ms / 3_600_000 < 1.1


def test_what_was_cleared_first_is_put_before_a_moderator_once() -> None:
    outcome = carry_out(keeping_up.cleared_first, POLICY)
    assert (outcome.kept, outcome.queued) == (1, 1)


def test_reports_that_come_and_go_win_a_day_at_most() -> None:
    outcome = carry_out(keeping_up.yo_yo, POLICY)
    assert outcome.kept == 0
    assert outcome.delay_ms <= 86_400_000 + SWEEP_MS


def test_a_lower_bar_blocks_what_is_there() -> None:
    assert carry_out(trust.a_lower_bar, POLICY).blocked == 1


def test_who_reports_what_was_cleared_again_and_again_is_muted() -> None:
    world = World(POLICY)
    budgets.cleared_again_and_again.act(world)
    assert 100 <= world.queued < 1000
    assert all(standing.is_muted(world.now) for standing in world.standings().values())
    assert len(world.standings()) == 10


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("known readers", 5),
        ("one university", 25),
        ("mobile carriers", 10),
        ("breaking news", 41),
        ("all over the world", 10),
        ("slow and steady", 5),
        ("shields up", 5),
        ("shields up for many", 10),
        ("held by a brigade", 5),
        ("cleared long ago", 10),
        ("a lower bar", 4),
    ],
)
def test_these_crowds_block(name: str, people: int) -> None:
    answer = ask(_crowd(name), POLICY)
    assert (answer.blocked, answer.readers) == (1, people)


def test_regulars_block_on_the_next_day_what_their_budget_held() -> None:
    answer = ask(_crowd("regulars"), POLICY)
    assert (answer.blocked, answer.images) == (30, 30)
    assert 1.9 < answer.took_ms / 86_400_000 < 2.1


def test_a_crowd_behind_one_address_is_told_how_near_it_came() -> None:
    answer = ask(_crowd("one nat"), POLICY)
    assert (answer.blocked, answer.held) == (0, 0)
    assert 1.7 < answer.nearest < 1.8


def _crowd(name: str) -> Crowd:
    return next(crowd for crowd in CROWDS if crowd.name == name)


def test_every_attack_has_a_name_of_its_own_and_advice() -> None:
    assert max(Counter(one.name for one in ATTACKS).values()) == 1
    assert max(Counter(crowd.name for crowd in CROWDS).values()) == 1
    assert {one.family for one in ATTACKS} == set(ADVICE)
    told = [one.told for one in ATTACKS] + [crowd.told for crowd in CROWDS]
    assert all(line.endswith(".") for line in told)


def test_every_answer_is_a_setting_that_changes_the_policy() -> None:
    answers = [settings for one in ATTACKS for settings in one.answers]
    assert len(answers) > 20
    for settings in answers:
        if settings != {"views.least_ratio": 0.0}:  # as it is by default
            assert changed(POLICY, settings).version != POLICY.version, settings


@attack("for a test")
def _late_and_lost(world: World) -> None:
    """A held-up block and a lost one."""
    late, lost = images(BAD, 2)
    crew = accounts("crew", 5)
    world.attack(crew, [lost])
    world.help(readers(4), late)
    world.wait(minutes=5 if world.attacked else 1)
    world.help(readers(1, first=4), late)
    world.help(readers(0 if world.attacked else 5), lost)


def test_a_delay_is_what_the_attack_adds() -> None:
    outcome = carry_out(_late_and_lost, POLICY)
    assert outcome.delay_ms == 4 * 60_000
    assert (outcome.bad, outcome.kept) == (1, 0)


def _outcome(blocked: int, people: int, kept: int = 0, queued: int = 0) -> Outcome:
    cost = Cost({bytes([number]) for number in range(people)})
    return Outcome(20, blocked, 0.0, 1, kept, 0, queued, Counter(), 0, cost)


def _attack(name: str, family: str, needs: str = "") -> Attack:
    def act(world: World) -> None:
        """Do nothing."""

    act.__name__ = name
    return Attack(act, family, needs)


def test_the_best_attacks_are_the_cheapest_of_each_family_that_need_nothing() -> None:
    carried = [
        (_attack("dear", "one"), _outcome(10, 50)),
        (_attack("cheap", "one"), _outcome(10, 5)),
        (_attack("other", "two"), _outcome(1, 1)),
        (_attack("vain", "three"), _outcome(0, 1)),
        (_attack("allowed", "four", "a key"), _outcome(20, 1)),
        (_attack("allowed dearly", "five", "a key"), _outcome(20, 9)),
    ]
    blocked = AIMS["To have good images blocked"]
    assert [one.name for one, _ in best(carried, blocked)] == ["cheap", "other"]
    assert [one.name for one, _ in best_given(carried, blocked)] == ["allowed"]
    assert best(carried, AIMS["To keep bad pictures up"]) == []


def test_only_what_blocks_and_keeps_nothing_counts_as_wasted_time() -> None:
    wasted = AIMS["To spend the moderators' time"]
    assert wasted(_outcome(0, 1, queued=7)) == 7
    assert wasted(_outcome(1, 1, queued=7)) == wasted(_outcome(0, 1, kept=1, queued=7)) == 0


def test_cost_counts_people_networks_and_patience() -> None:
    world = World(POLICY)
    world.attack(accounts("crew", 3, since_ms=world.before(days=2)), images(GOOD, 2))
    cost = world.cost
    assert (len(cost.people), len(cost.networks), cost.reports) == (3, 3, 6)
    assert 2.0 <= cost.days < 2.01
    assert cost.product == 9 * cost.days
    assert Cost().product == 1
