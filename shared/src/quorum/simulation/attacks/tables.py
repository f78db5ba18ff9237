"""The tables of docs/attacks.md, made from what comes out of the simulation."""

from collections.abc import Iterable

from quorum.policy.model import MAX_REPORTERS_STORED, Policy
from quorum.simulation.attacks.attack import Attack, Outcome
from quorum.simulation.attacks.attackers.catalogue import ADVICE, SECTIONS
from quorum.simulation.attacks.best import AIMS, Carried, Countered, Site, best, best_given
from quorum.simulation.attacks.crowds import CROWDS, Answer
from quorum.simulation.attacks.prices import PLACES, prices
from quorum.simulation.attacks.settings import written
from quorum.simulation.attacks.stories import DAY_MS, Cost, span

ATTACKER = (
    "attacker",
    "good images blocked",
    "bad images kept up",
    "put before moderators",
    "accounts x networks x time",
)


def table_of_prices(policy: Policy) -> str:
    """Return what one wrong block costs."""
    rows = [[kind, *("never" if one is None else str(one) for one in row)] for kind, row in prices(policy).items()]
    return _table(["the least crew that blocks one image", *PLACES], rows) + (
        f"\nNever: {MAX_REPORTERS_STORED}, as many as a tally keeps, do not suffice.\n"
    )


def table_of_attackers(carried: list[Carried]) -> str:
    """Return a row for each attack, section after section."""
    outcomes = {attack.name: outcome for attack, outcome in carried}
    rows: list[list[str]] = []
    for section, attacks in SECTIONS.items():
        rows.append([f"**{section}**", "", "", "", ""])
        rows += [_row(attack, outcomes[attack.name]) for attack in attacks]
    return _table(ATTACKER, rows)


def table_of_crowds(answers: dict[str, Answer]) -> str:
    """Return a row for each honest crowd."""
    rows = [_crowd(f"{crowd.name}: {crowd.told}", answers[crowd.name]) for crowd in CROWDS]
    return _table(["who", "blocked", "readers it took", "how soon"], rows)


def best_attacks(carried: list[Carried], site: Site) -> str:
    """Return which attacks do best for each aim, and what a site can do about each."""
    text = ""
    for aim, gain in AIMS.items():
        text += f"### {aim}\n\n"
        for number, pair in enumerate(best(carried, gain), 1):
            text += f"{number}. {_told(pair, site)}"
        given = best_given(carried, gain)
        if given:
            text += "\nAnd where a site allows for it:\n\n"
        for pair in given:
            text += f"- {_told(pair, site)}"
        text += "\n"
    return text


def _row(attack: Attack, outcome: Outcome) -> list[str]:
    needs = f" *Needs: {attack.needs}.*" if attack.needs else ""
    cost = _cost(outcome.cost)
    return [f"{attack.name}: {attack.told}{needs}", _blocked(outcome), _kept(outcome), _queued(outcome), cost]


def _queued(outcome: Outcome) -> str:
    notes = sorted(cause for cause in outcome.causes if cause)
    if outcome.shields:
        notes.append("raised " + ("once" if outcome.shields == 1 else f"{outcome.shields} times"))
    return f"{outcome.queued:,}" + (f" ({', '.join(notes)})" if notes else "")


def _blocked(outcome: Outcome) -> str:
    if not outcome.good:
        return ""
    missed = f" ({_points(outcome.nearest)})" if not outcome.blocked else ""
    return f"{_of(outcome.blocked, outcome.good)}{missed}"


def _kept(outcome: Outcome) -> str:
    if not outcome.bad:
        return ""
    late = f", {span(outcome.delay_ms)} later" if outcome.delay_ms else ""
    return f"{_of(outcome.kept, outcome.bad)}{late}"


def _of(count: int, whole: int) -> str:
    number = f"{count} of {whole}"
    return f"**{number}**" if count else number


def _points(points: float) -> str:
    return f"{points:.3g} point" + "s" * (points != 1)


def _cost(cost: Cost) -> str:
    parts = []
    if cost.people:
        spent = f"{len(cost.people)} x {len(cost.networks) or 'untold'} x {span(cost.days * DAY_MS)}"
        parts += [spent, f"{cost.reports:,} report" + "s" * (cost.reports != 1)]
    if cost.uploads:
        parts.append(f"{cost.uploads} picture" + "s" * (cost.uploads != 1))
    return ", ".join(parts) or "nothing"


def _crowd(told: str, answer: Answer) -> list[str]:
    blocked = f"{answer.blocked} of {answer.images}" if answer.images > 1 else "yes" if answer.blocked else "**no**"
    if not answer.blocked:
        held = ", before a moderator" if answer.held else ""
        return [told, blocked, f"{answer.readers} do not suffice", f"{_points(answer.nearest)}{held}"]
    return [told, blocked, str(answer.readers), span(answer.took_ms)]


def _told(pair: Carried, site: Site) -> str:
    """Return what an attack gains and costs, what a site can do, and what settings would make of it."""
    attack, outcome = pair
    needs = f" It needs: {attack.needs}." if attack.needs else ""
    lines = [
        f"**{attack.name}**: {_gains(outcome)}, for {_cost(outcome.cost)}.{needs} What helps: {ADVICE[attack.family]}."
    ]
    lines += [f"   - {_effect(outcome, site.counter(attack, settings))}" for settings in attack.answers]
    return "".join(f"{line}\n" for line in lines)


def _gains(outcome: Outcome) -> str:
    gains = [
        f"{outcome.blocked} of {outcome.good} good images blocked" if outcome.blocked else "",
        f"{outcome.kept} of {outcome.bad} bad images kept up" if outcome.kept else "",
        f"{span(outcome.delay_ms)} won for a bad image" if outcome.delay_ms else "",
        f"{outcome.queued:,} put before moderators" if outcome.queued else "",
    ]
    return ", ".join(filter(None, gains))


def _effect(before: Outcome, countered: Countered) -> str:
    after = countered.outcome
    crowds = []
    if countered.slower:
        crowds.append(f"{countered.slower} need more readers")
    if countered.lost:
        crowds.append(f"not blocked any more: {', '.join(countered.lost)}")
    changes = [
        f"blocked {before.blocked} → {after.blocked}" if before.blocked else "",
        f"kept up {before.kept} → {after.kept}" if before.kept else "",
        f"won {span(before.delay_ms)} → {span(after.delay_ms)}" if before.delay_ms else "",
        f"before moderators {before.queued:,} → {after.queued:,}" if before.queued or after.queued else "",
    ]
    honest = "; ".join(crowds) or "as before"
    return f"`{written(countered.settings)}`: {', '.join(filter(None, changes))}; honest crowds: {honest}"


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
