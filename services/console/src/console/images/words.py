"""What is said of images in words: their states, why they wait, what was decided, and all of it in sentences."""

from collections import Counter

from console.words.formats import number, points
from console.words.translating import gettext as _
from console.words.translating import language, later, ngettext
from quorum.accounts.roles import Role
from quorum.judgement.records import State
from quorum.judgement.waiting import Cause
from quorum.moderation.appeals.appeals import Appeal, Outcome
from quorum.moderation.decisions import Action
from quorum.moderation.dossier import Dossier
from quorum.moderation.stories import DECISION, Told
from quorum.policy.model import Policy
from quorum.tally.statuses import ImageStatus

_LETTERS = 26

STATES = {
    State.OPEN: later("open"),
    State.BLOCKED: later("blocked by its reports"),
    State.HELD: later("held"),
    State.CLEARED: later("cleared"),
    State.UPHELD: later("blocked, and upheld"),
}
LOOKS = {State.BLOCKED: "bad", State.UPHELD: "bad", State.HELD: "note", State.CLEARED: "good", State.OPEN: ""}
CAUSES = {
    Cause.PROTECTED: later("protected"),
    Cause.SHIELDS: later("shields"),
    Cause.BUDGET: later("budget spent"),
    Cause.WARNED: later("warned people"),
    Cause.CONTESTED: later("contested"),
    Cause.REOPENED: later("reopened"),
    Cause.UNKNOWN: later("unknown"),
}
_BECAUSE = {
    Cause.PROTECTED: later("It waits because the policy protects it: it is never blocked without a moderator."),
    Cause.SHIELDS: later(
        "It waits because the shields were up when it crossed the bar: many images were blocked in a short time, "
        "and its reports do not reach the higher bar."
    ),
    Cause.BUDGET: later(
        "It waits because people who had already helped to block many images that day brought it over the bar."
    ),
    Cause.WARNED: later("It waits because only people who were warned for unfounded reports bring it over the bar."),
    Cause.CONTESTED: later("It waits because it was cleared, and many people have reported it since."),
    Cause.REOPENED: later("It waits because it was held before, and the decision about it was taken back."),
    Cause.UNKNOWN: later("Why it waits is not known."),
}
CLASSES = {
    "trusted": later("trusted"),
    "verified": later("signed in"),
    "anonymous": later("anonymous"),
    "muted": later("muted"),
}
ACTIONS = {
    Action.UPHOLD: later("upheld"),
    Action.BLOCK: later("blocked"),
    Action.CLEAR: later("cleared"),
    Action.REOPEN: later("taken back"),
    Action.SEPARATE: later("parted from its copies"),
}


ROLES = {
    Role.VIEWER: later("viewer"),
    Role.MODERATOR: later("moderator"),
    Role.LEAD: later("lead"),
    Role.ADMIN: later("administrator"),
}
_HAPPENED = {
    "blocked": later("Blocked."),
    "unblocked": later("Unblocked."),
    "held": later("Held: it waits for a moderator."),
    "released": later("Released: it does not wait any more."),
    "appeal": later("An appeal was decided."),
    "deleted": later("The site says that there is no such image any more."),
}


def happened(told: Told) -> str:
    """Return what a part of an image's story says, but for a moderator's note."""
    if told.what == DECISION:
        action = ACTIONS.get(told.said.get("decision", ""))
        name = told.name or _("somebody")
        if action is None:
            return _("%(name)s decided about it.", name=name)
        return _("%(name)s decided: %(decision)s.", name=name, decision=_(action))
    text = _(_HAPPENED[told.what])
    if told.by == "policy" and "score" in told.said:
        people = ngettext("%(num)s reporter", "%(num)s reporters", told.said["reporters"])
        text += " " + _(
            "By its reports: %(people)s, %(points)s points.", people=people, points=points(told.said["score"])
        )
    return text


def outcome(appeal: Appeal) -> str:
    """Return what became of an appeal."""
    answer = appeal.answer
    if answer is None:
        return _("It waits for a moderator.")
    if answer.outcome is Outcome.LAPSED:
        return _("The block ended before anybody decided about it.")
    name = answer.moderator or _("somebody")
    if answer.outcome is Outcome.UPHELD:
        return _("%(name)s decided: the block stays.", name=name)
    return _("%(name)s decided: the image is shown again.", name=name)


def letter(group: int) -> str:
    """Return a short name of a group of people: A to Z, then numbers."""
    return chr(ord("A") + group) if group < _LETTERS else str(group + 1)


def reason_name(policy: Policy, name: str) -> str:
    """Return what a reason is called in the reader's language."""
    found = next((reason for reason in policy.reasons if reason.name == name), None)
    return found.label(language()) if found else name


def in_short(status: ImageStatus) -> str:
    """Return how many have reported an image, and how much they weigh, as a list shows it."""
    people = ngettext("%(num)s reporter", "%(num)s reporters", status.reporters)
    return _("%(people)s, %(points)s points", people=people, points=points(status.score))


def sentences(dossier: Dossier, policy: Policy) -> list[str]:
    """Return why an image is what it is, for somebody who knows no rules."""
    said = [_who(dossier, policy), *_alike(dossier), *_doubtful(dossier)]
    if dossier.reporters:
        said.append(_weighed(dossier))
    if dossier.cleared_before and dossier.status.state is not State.UPHELD:
        said.append(_("Its bar is higher than usual because it was cleared before."))
    if dossier.status.protected and dossier.cause is not Cause.PROTECTED:
        said.append(_("The policy protects it: it is never blocked without a moderator."))
    return [*said, _so(dossier)]


def _who(dossier: Dossier, policy: Policy) -> str:
    status = dossier.status
    if not status.reporters:
        if status.state is State.CLEARED:
            return _(
                "The reports that it had were set aside when it was cleared; what happened tells how many they were."
            )
        return _("Nobody has reported it within the time that counts.")
    reasons = sorted(status.reasons.items(), key=lambda one: -one[1])
    told = _list([f"{number(count)} \N{MULTIPLICATION SIGN} {reason_name(policy, name)}" for name, count in reasons])
    return ngettext(
        "%(num)s person has reported it: %(reasons)s.",
        "%(num)s people have reported it: %(reasons)s.",
        status.reporters,
        reasons=told,
    )


def _alike(dossier: Dossier) -> list[str]:
    shared = Counter(one.group for one in dossier.reporters if one.group is not None)
    return [
        ngettext(
            "%(num)s of them shares a network.",
            "%(num)s of them share one network, and count for less together.",
            size,
        )
        for _group, size in shared.most_common(3)
    ]


def _doubtful(dossier: Dossier) -> list[str]:
    muted = sum(one.is_muted for one in dossier.reporters)
    warned = sum(one.is_warned and not one.is_muted for one in dossier.reporters)
    new = sum(one.is_new for one in dossier.reporters)
    said = []
    if new:
        said.append(
            ngettext(
                "%(num)s has an account that is too young to count in full.",
                "%(num)s have accounts that are too young to count in full.",
                new,
            )
        )
    if muted:
        said.append(ngettext("%(num)s is muted.", "%(num)s are muted.", muted))
    if warned:
        said.append(
            ngettext("%(num)s was warned for unfounded reports.", "%(num)s were warned for unfounded reports.", warned)
        )
    return said


def _weighed(dossier: Dossier) -> str:
    return _(
        "Together they come to %(points)s points; the bar is %(bar)s, and %(least)s people.",
        points=points(dossier.score),
        bar=points(dossier.bar.threshold),
        least=number(dossier.bar.min_reporters),
    )


def _so(dossier: Dossier) -> str:
    state = dossier.status.state
    if dossier.cause:
        return _(_BECAUSE[dossier.cause])
    return {
        State.OPEN: _("So it is shown."),
        State.BLOCKED: _("So it was blocked, without any moderator."),
        State.HELD: _("It waits for a moderator."),
        State.CLEARED: _("A moderator has cleared it: it is shown, whatever these reports say.")
        if dossier.reporters
        else _("A moderator has cleared it: it is shown."),
        State.UPHELD: _("A moderator has said that it stays blocked."),
    }[state]


def _list(parts: list[str]) -> str:
    return ("، " if language() == "ar" else ", ").join(parts)
