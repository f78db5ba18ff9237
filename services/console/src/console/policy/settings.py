"""What each setting of a policy means, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.words.formats import number
from console.words.translating import gettext as _
from console.words.translating import later, ngettext
from quorum.policy.classes import ANONYMOUS, MUTED, TRUSTED, VERIFIED
from quorum.policy.legal import AREAS
from quorum.policy.load import default_policy
from quorum.policy.model import Policy

DAY_SECONDS = 86_400
DIGITS = 3

Value = float | bool | str | frozenset[str] | tuple[Any, ...]
Meaning = tuple[str, Callable[[Policy], Value], str]  # the field, its value in a policy, what it means


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting: its name in the file, what it is and would be by default, and what it means."""

    name: str
    value: Value
    default: Value
    words: str

    @property
    def is_default(self) -> bool:
        """Whether it is what the policy that is shipped says."""
        return self.value == self.default


def _where(policy: Policy) -> str:
    """Return the territories as an area where they are one, else one by one."""
    countries = policy.legal.territories
    return next((area for area, of in AREAS.items() if of == countries), ", ".join(countries))


_TABLE: tuple[tuple[str, tuple[Meaning, ...]], ...] = (
    (
        later("When an image is blocked"),
        (
            ("threshold", lambda p: p.threshold, later("points that block an image: the sum over distinct reporters")),
            ("min_reporters", lambda p: p.min_reporters, later("distinct people, however much their reports weigh")),
            ("window_days", lambda p: p.window_seconds / DAY_SECONDS, later("days for which a report counts")),
        ),
    ),
    (
        later("What one person weighs"),
        (
            (
                "reporters.verified",
                lambda p: p.reporter_weights[VERIFIED],
                later("somebody named by the site or by a signed token"),
            ),
            (
                "reporters.anonymous",
                lambda p: p.reporter_weights[ANONYMOUS],
                later("somebody told apart by network only; 0: such reports are refused"),
            ),
            ("reporters.trusted", lambda p: p.reporter_weights[TRUSTED], later("a trusted flagger")),
            ("reporters.muted", lambda p: p.reporter_weights[MUTED], later("somebody who is muted")),
        ),
    ),
    (
        later("People"),
        (
            ("people.trusted", lambda p: p.people.trusted, later("trusted flaggers, by name")),
            ("people.muted", lambda p: p.people.muted, later("people whose reports count for nothing")),
            (
                "people.muted_networks",
                lambda p: p.people.muted_networks,
                later("networks whose anonymous reports count for nothing"),
            ),
            (
                "people.fold_case",
                lambda p: p.people.fold_case,
                later("whether names that differ in case alone are one person"),
            ),
            (
                "people.trusted_alone",
                lambda p: p.people.trusted_alone,
                later("whether a trusted flagger's report that crosses the threshold blocks without others"),
            ),
            (
                "people.full_weight_days",
                lambda p: p.people.full_weight_days,
                later("days after which an account counts in full; a younger one counts in proportion"),
            ),
            (
                "people.blocks_per_day",
                lambda p: p.people.blocks_per_day,
                later("automatic blocks that one person may help to bring about in 24 hours; 0: no limit"),
            ),
        ),
    ),
    (
        later("After a moderator has cleared an image"),
        (
            ("after_clear.immune_days", lambda p: p.after_clear.immune_days, later("days in which no report counts")),
            (
                "after_clear.threshold_factor",
                lambda p: p.after_clear.threshold_factor,
                later("how many times higher its bar is from then on"),
            ),
            (
                "after_clear.review_reporters",
                lambda p: p.after_clear.review_reporters,
                later("people who report it meanwhile and put it before a moderator again; 0: nobody does"),
            ),
        ),
    ),
    (
        later("Withdrawn reports"),
        (
            (
                "withdrawals.undo_minutes",
                lambda p: p.withdrawals.undo_minutes,
                later("minutes for which a block ends when too few reports are left; 0: it never does"),
            ),
        ),
    ),
    (
        later("What decisions say of reporters"),
        (
            (
                "accuracy.prior",
                lambda p: p.accuracy.prior,
                later("decided reports that a newcomer is taken to have, half of them right"),
            ),
            (
                "accuracy.least",
                lambda p: p.accuracy.least,
                later("the least by which reports of a person are multiplied"),
            ),
            ("accuracy.most", lambda p: p.accuracy.most, later("the most by which reports of a person are multiplied")),
            (
                "abuse.unfounded",
                lambda p: p.abuse.unfounded,
                later("unfounded reports after which somebody is warned, then muted; 0: nobody is"),
            ),
            ("abuse.share", lambda p: p.abuse.share, later("and their share of all that was decided")),
            ("abuse.notice_days", lambda p: p.abuse.notice_days, later("days between the warning and the mute")),
            ("abuse.mute_days", lambda p: p.abuse.mute_days, later("days for which somebody is muted")),
        ),
    ),
    (
        later("Shields"),
        (
            (
                "shields.blocks_per_hour",
                lambda p: p.shields.blocks_per_hour,
                later("automatic blocks in an hour that raise the shields; 0: none do"),
            ),
            (
                "shields.blocks_per_day",
                lambda p: p.shields.blocks_per_day,
                later("automatic blocks in a day that raise the shields; 0: none do"),
            ),
            ("shields.factor", lambda p: p.shields.factor, later("how many times higher the bar is while they are up")),
            ("shields.up_minutes", lambda p: p.shields.up_minutes, later("minutes for which they stay up")),
        ),
    ),
    (
        later("Limits a minute; 0: none"),
        (
            ("limits.reporter", lambda p: p.limits.reporter, later("reports of one person")),
            ("limits.network", lambda p: p.limits.network, later("reports from one network")),
            ("limits.key", lambda p: p.limits.key, later("reports with one API key")),
            ("limits.looks", lambda p: p.limits.looks, later("questions of one reader's browser")),
        ),
    ),
    (
        later("Appeals and statements of reasons"),
        (
            (
                "appeals.another_moderator",
                lambda p: p.appeals.another_moderator,
                later("whether an appeal is decided by somebody who did not decide before"),
            ),
            (
                "appeals.keep_days",
                lambda p: p.appeals.keep_days,
                later("days for which an appeal is kept once it is decided"),
            ),
            ("dsa.terms", lambda p: p.legal.terms, later("what a block relies on where the reason is no law")),
            ("dsa.territories", _where, later("where a block holds")),
            ("dsa.terms_url", lambda p: p.legal.terms_url, later("where the terms stand")),
            ("dsa.appeal_url", lambda p: p.legal.appeal_url, later("where uploaders appeal")),
            (
                "dsa.complaint_url",
                lambda p: p.legal.complaint_url,
                later("where reporters complain about what was decided"),
            ),
        ),
    ),
    (
        later("Everything else"),
        (
            (
                "tokens.max_hours",
                lambda p: p.tokens.max_hours,
                later("hours for which a reporter's token may be valid"),
            ),
            (
                "views.least_ratio",
                lambda p: p.least_view_ratio,
                later("reporters per view that a block needs; 0: views are not asked for"),
            ),
            (
                "pictures.url_template",
                lambda p: p.pictures.url_template,
                later("where moderators see a picture; {id} stands for the id of its image"),
            ),
            ("urls.keep_query", lambda p: p.urls.keep, later("places whose URLs keep some parameters only")),
            ("urls.drop_query", lambda p: p.urls.drop, later("places whose URLs lose some parameters")),
            ("urls.same", lambda p: p.urls.same, later("rules that make several URLs one image")),
        ),
    ),
)


def sections(policy: Policy) -> list[tuple[str, list[Shown]]]:
    """Return the settings of a policy by what they are about, beside the defaults, in the reader's language."""
    usual = default_policy()
    return [
        (_(title), [Shown(name, of(policy), of(usual), _(words)) for name, of, words in settings])
        for title, settings in _TABLE
    ]


def in_words(value: Value) -> str:
    """Return a value as people read it. Of lists it is how many there are: they may name people."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return number(value, DIGITS)
    if isinstance(value, str):
        return value or _("nowhere")
    return ngettext("%(num)s entry", "%(num)s entries", len(value))
