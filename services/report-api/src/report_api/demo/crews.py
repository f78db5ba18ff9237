"""Simulated readers of the demo page: who they are, and their reports, as the backend of a site sends them.

Nothing is pretended about what becomes of them: their reports go into the inbox like all others.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from math import ceil

from quorum.access.keys import ApiKey, Scope
from quorum.images.image import parse_image
from quorum.inbox.inbox import Sending
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy import Policy
from report_api.access.callers import Claimed
from report_api.resources.reports import sending_of
from report_api.web.services import Services

YEARS = 1000  # days: longer than any policy waits for an account's full weight
FRESH_MEMBERS = 20
MOST_MEMBERS = 50
MOST_ARCHIVED = 20
_OFFICE = IPv4Address("203.0.113.7")  # of documentation: RFC 5737
_RESERVED = 240 << 24  # 240.0.0.0/4, which nobody has: RFC 1112, section 4
_KEY = ApiKey("demo", "/demo", "", frozenset({Scope.REPORT}), 0)  # no secret opens it


@dataclass(frozen=True, slots=True)
class Crew:
    """A crew. `waves` are sent one after another; `archive` pictures are reported before the chosen one."""

    name: str
    members: int
    account_days: int
    waves: int
    archive: int = 0
    lasting: bool = False  # the same people in every edition, whose budgets last


def crews_under(policy: Policy) -> list[Crew]:
    """Return the crews that show something under a policy, sized by it."""
    needed = max(policy.min_reporters, ceil(policy.threshold / max(policy.reporter_weights["verified"], 0.1)), 1)
    enough = min(needed, MOST_MEMBERS)
    crews = [Crew("crowd", enough + 1, YEARS, enough + 1), Crew("office", enough + 1, YEARS, enough + 1)]
    if policy.people.full_weight_days:
        crews.append(Crew("fresh", FRESH_MEMBERS, 0, 5))
    if policy.people.blocks_per_day:
        archive = min(policy.people.blocks_per_day, MOST_ARCHIVED)
        crews.append(Crew("patient", enough, YEARS, archive + 1, archive, lasting=True))
    return crews


def waves(crew: Crew, edition: int, picture: str) -> list[list[tuple[str, int]]]:
    """Return for each wave which image which member reports."""
    chosen = f"demo-{edition}-{picture}"
    if not crew.archive:
        return [[(chosen, member) for member in range(wave, crew.members, crew.waves)] for wave in range(crew.waves)]
    images = [*(f"demo-{edition}-archive-{number}" for number in range(1, crew.archive + 1)), chosen]
    return [[(image, member) for member in range(crew.members)] for image in images]


def send_wave(parts: Services, crew: Crew, edition: int, wave: list[tuple[str, int]]) -> int:
    """Put the reports of a wave into the inbox; return how many. Raises RateLimited, StoreUnavailable."""
    sendings: dict[int, list[Sending]] = defaultdict(list)
    policy = parts.policy
    for image_id, member in wave:
        image = parse_image(image_id, policy.urls)
        caller = parts.access.named(_claimed(crew, edition, member), _KEY, policy)
        report = Report(image, caller.reporter, policy.reasons[0].name)
        sendings[image.partition(parts.settings.partitions)].append(sending_of(report, caller))
    for partition, sent in sendings.items():
        receipt = parts.inbox.append(partition, *sent)
        refusal = next(filter(None, map(receipt.refusal, range(len(sent)))), None)
        if refusal:
            raise refusal
    return len(wave)


def _claimed(crew: Crew, edition: int, member: int) -> Claimed:
    """Return what a site knows of a member: a name, when the account was made, from where it reports."""
    name = f"demo-{crew.name}-{member}" if crew.lasting else f"demo-{edition}-{crew.name}-{member}"
    address = _OFFICE if crew.name == "office" else IPv4Address(_RESERVED + (member << 16) + 1)
    return Claimed(Person(name), datetime.now(UTC) - timedelta(days=crew.account_days), address)
