"""The sections of a policy as values, with what holds where a file does not say."""

from dataclasses import dataclass
from urllib.parse import quote

from quorum.network.addresses import Address, Network, is_within
from quorum.people import Person
from quorum.policy.classes import MUTED, TRUSTED, VERIFIED

PLACE_OF_ID = "{id}"  # in the URL of a picture


@dataclass(frozen=True, slots=True)
class People:
    """Reporters known by their canonical names (`quorum.people`), and networks that count for nothing."""

    trusted: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    muted_networks: tuple[Network, ...] = ()
    trusted_alone: bool = False  # a trusted flagger's report is not asked for min_reporters
    full_weight_days: float = 7.0  # an account of this age counts in full; a younger one in proportion
    blocks_per_day: int = 10  # automatic blocks that one person may help to bring about in 24 hours; 0: no cap
    fold_case: bool = False  # names that differ in case alone are one person's

    def person(self, name: str) -> Person:
        """Return whom the site means by a name. Raises InvalidName."""
        return Person(name, fold_case=self.fold_case)

    def class_of(self, person: Person) -> str:
        """Return the class of a reporter whom the site names."""
        if person.name in self.muted:
            return MUTED
        return TRUSTED if person.name in self.trusted else VERIFIED

    def mutes(self, address: Address) -> bool:
        """Tell whether an address lies in a muted network."""
        return is_within(address, self.muted_networks)


@dataclass(frozen=True, slots=True)
class AfterClear:
    """What a moderator's clear is worth: a time in which no report counts, then a higher bar.

    So many people who report it meanwhile put it before a moderator again; 0: nobody does.
    """

    immune_days: float = 90.0
    threshold_factor: float = 2.0
    review_reporters: int = 10


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """How long a block by reports is undone when so many are withdrawn that they do not reach the bar any more."""

    undo_minutes: float = 15.0  # 0: never


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far decided reports move a reporter's weight; `prior` is in decided reports, the bounds are factors."""

    prior: int = 5
    least: float = 0.1
    most: float = 1.5


@dataclass(frozen=True, slots=True)
class Abuse:
    """When a reporter of unfounded reports is warned, and then muted for a time (DSA, Article 23)."""

    unfounded: int = 10  # since the last warning ended; 0: nobody is muted automatically
    share: float = 0.8  # of all that was decided of their reports
    notice_days: float = 7.0
    mute_days: float = 30.0


@dataclass(frozen=True, slots=True)
class Appeals:
    """Who decides an appeal against a block, and how long it is kept once it is decided (DSA, Article 20)."""

    another_moderator: bool = True  # than the one who decided before
    keep_days: float = 180.0


@dataclass(frozen=True, slots=True)
class Shields:
    """How much automatic blocking may do in any hour and any day before the bar rises for a time."""

    blocks_per_hour: int = 60  # 0: no cap
    blocks_per_day: int = 480  # 0: no cap
    factor: float = 2.0  # by which the bar is higher; what lies between is held
    up_minutes: float = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Reports a minute from one reporter, one network and one API key, and look-ups of one reader; 0: no limit."""

    reporter: int = 20
    network: int = 300
    key: int = 600_000
    looks: int = 120


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where moderators see pictures: a URL with `{id}` in it, empty for nowhere."""

    url_template: str = ""

    def url_of(self, image_id: str) -> str | None:
        """Return where an image's picture is; its id is percent-encoded whole."""
        return self.url_template.replace(PLACE_OF_ID, quote(image_id, safe="")) if self.url_template else None


@dataclass(frozen=True, slots=True)
class Tokens:
    """How long a reporter token may be valid."""

    max_hours: float = 24.0
