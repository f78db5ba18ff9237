"""The policy: what is in force, and what a draft would change. Nothing is written here: a policy is a file."""

from flask import Blueprint, Response, request

from console.policy.comparing import TooLong, differences
from console.policy.replaying import Busy, NoReports, TooSlow, replay
from console.policy.settings import in_words, sections
from console.web.pages import show
from console.web.services import services
from console.words.refusals import why
from console.words.translating import gettext as _
from quorum.errors import PolicyError
from quorum.policy.load import BYTE_ORDER_MARK, parse_policy
from quorum.policy.model import Policy

MAX_TEXT = 200_000  # characters

blueprint = Blueprint("policy", __name__)


@blueprint.get("/policy")
def page() -> Response:
    """Show the policy in force, and whether its file is good."""
    policies = services().policies
    policy = policies.current
    people = policy.people
    return show(
        "policy/page.html",
        policy=policy,
        path=services().settings.policy_path,
        problem=policies.problem,
        sections=sections(policy),
        in_words=in_words,
        names_people=bool(people.trusted or people.muted or people.muted_networks),
        text=policies.text,
    )


@blueprint.get("/policy/draft")
def draft() -> Response:
    """Show the form for a draft, which begins as the policy in force."""
    _current()
    return _show(200, services().policies.text)


@blueprint.post("/policy/draft")
def check() -> Response:
    """Say what is wrong with a draft, or what it would change; with `simulate`, what it would have done."""
    text = request.form.get("text", "")
    if len(text) > MAX_TEXT:
        return _show(413, text[:MAX_TEXT], error=_("A policy has at most %(most)s characters.", most=MAX_TEXT))
    text = text.replace("\r\n", "\n").removeprefix(BYTE_ORDER_MARK)
    current = _current()
    try:
        candidate = parse_policy(text, "draft")
    except PolicyError as error:
        return _show(422, text, broken=why(error))
    found: dict[str, object] = {"candidate": candidate, "same": candidate.version == current.version}
    try:
        found["diff"] = differences(services().policies.text, text)
    except TooLong as error:
        found["too_long"] = error.most
    if "simulate" in request.form:
        found |= _simulated(current, candidate)
    return _show(200, text, **found)


def _simulated(current: Policy, candidate: Policy) -> dict[str, object]:
    """Return what a simulation gave, or why there is none."""
    try:
        return {"result": replay(services().journal, services().trail, current, candidate)}
    except NoReports:
        return {"no_result": _("The journal has no reports to replay (QUORUM_JOURNAL_REPORTS says how many it keeps).")}
    except Busy:
        return {"no_result": _("Another simulation is running just now. Please try again in a moment.")}
    except TooSlow:
        return {"no_result": _("It took too long: use quorum policy simulate, which may take its time.")}


def _current() -> Policy:
    """Look at the file, so that text and policy are those of now."""
    return services().policy


def _show(status: int, text: str, **found: object) -> Response:
    return show(
        "policy/draft.html",
        status,
        text=text,
        policy=services().policy,
        path=services().settings.policy_path,
        most=MAX_TEXT,
        **found,
    )
