"""`quorum decide`: decisions about images."""

import click

from quorum.cli.failures import plain_failures
from quorum.cli.moderation.places import store_of, who
from quorum.errors import DecisionRefused, PermanentError, StoreUnavailable
from quorum.events.event import APPEAL_DECIDED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decided, Decisions
from quorum.policy import Policy, load_policy
from quorum.settings import read_settings
from quorum.tally.statuses import Statuses


@click.command()
@click.argument("image_ids", metavar="IMAGE_ID...", nargs=-1, required=True)
@click.argument("decision", type=click.Choice([action.value for action in Action]))
@click.option("--note", default="", help="Why; kept in the audit trail.")
@click.option("--well-meant", is_flag=True, help="With clear: the reports do not count against those who sent them.")
@click.option("--unknown", is_flag=True, help="Decide about images that nobody has reported, too.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and write nothing.")
def decide(
    image_ids: tuple[str, ...], decision: str, *, note: str, well_meant: bool, unknown: bool, dry_run: bool
) -> None:
    """Uphold, block or clear images, reopen what was decided, separate one from its copies.

    It says of each what became of it, and goes on after one that cannot be decided so; then the exit status is 1.
    """
    with plain_failures():
        settings = read_settings()
        policy = load_policy(settings.policy_path)
        decisions = Decisions(*store_of(settings), name_moderators=settings.events_name_moderators)
        statuses = None if unknown else Statuses(*store_of(settings))
        given = {"note": note, "unfounded": not well_meant, "dry_run": dry_run}
        failed = 0
        for place, image_id in enumerate(image_ids):
            try:
                click.echo(_decided(decisions, statuses, image_id, Action(decision), policy, **given))
            except StoreUnavailable as error:  # it does not come back while the others are tried
                left = ", ".join(image_ids[place:])
                raise StoreUnavailable(f"{error}; nothing was decided about {left}") from error
            except PermanentError as error:
                click.echo(f"{image_id}: {error}", err=True)
                failed += 1
    if failed:
        raise click.exceptions.Exit(1)


def _decided(
    decisions: Decisions, statuses: Statuses | None, image_id: str, action: Action, policy: Policy, **given: object
) -> str:
    """Decide about one image; return what became of it. Raises PermanentError, StoreUnavailable."""
    image = parse_image(image_id, policy.urls)
    if statuses and not statuses.knows(image):
        raise DecisionRefused("nobody has reported it; look at how it is written, or give --unknown to decide about it")
    decided = decisions.decide(image, action, who(), policy, **given)
    if not given["dry_run"]:
        return f"{image.id} is {decided.state.public_name}"
    return f"{image.id} is {decided.before.public_name}, and would be {decided.state.public_name}{_effects(decided)}"


def _effects(decided: Decided) -> str:
    counts = ((decided.credited, "credited"), (decided.blamed, "blamed"))
    told = [f"{count} {name}" for count, name in counts if count]
    told += [event.split(".")[2] for event in decided.events if event != APPEAL_DECIDED]
    told += [f"appeal {decided.appeal}"] if decided.appeal else []
    return f" ({', '.join(told)})" if told else ""
