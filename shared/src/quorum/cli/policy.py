"""`quorum policy`: is a policy file right, what would it have done? `quorum reports export`: what that is asked of."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from quorum.cli.failures import plain_failures
from quorum.errors import QuorumError, SettingsError
from quorum.events.event import timestamp
from quorum.host.files import is_replaceable, whole_file
from quorum.images.image import parse_image
from quorum.images.urls.address import is_web_address
from quorum.judgement.caps.shields import DAY_MS
from quorum.judgement.records import Report
from quorum.moderation.trail import Trail
from quorum.policy import Policy, load_policy
from quorum.policy.model import LANGUAGES
from quorum.settings import read_settings
from quorum.simulation.attacks.document import report as report_attacks
from quorum.simulation.recorded import decision_to_line, from_lines, to_line
from quorum.simulation.replay import Comparison, Recorded, Verdict, compare
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.tally.journal import Journal

BAR_WIDTH = 40
MAX_BARS = 60
CURRENT, CANDIDATE = "cyan", "magenta"
PATH = click.Path(path_type=Path, dir_okay=False)


@click.group()
def policy() -> None:
    """Check a policy file, replay recorded reports through it, or attack it."""


@policy.command()
@click.argument("file", type=PATH, required=False)
@click.option("--explain", "urls", metavar="IMAGE_ID", multiple=True, help="Say which image it is, and why.")
def check(file: Path | None, urls: tuple[str, ...]) -> None:
    """Say what is wrong with a policy file, with line and field; or what it states.

    Without FILE it is the policy in use (QUORUM_POLICY).
    """
    with plain_failures():
        file = file or read_settings().policy_path
        read = load_policy(file)
        for url in urls:
            _explain(read, url)
    if not urls:
        _state(read, str(file or "the default policy"))


def _explain(read: Policy, image_id: str) -> None:
    """Print the canonical form of an id, the rules that made it, and the rule for images that covers it."""
    image = parse_image(image_id, read.urls)
    click.echo(image.id)
    for step in read.urls.explain(image_id).steps if is_web_address(image_id) else ():
        click.echo(f"  {step}")
    rule = read.rule_for(image.id)
    if rule:
        click.echo(f"  images: {rule.match}{', protected' if rule.protected else ''}")


def _state(read: Policy, name: str) -> None:
    """Print what a policy states, and what in it may surprise."""
    click.echo(f"{name}: good, version {read.version}")
    click.echo(f"  threshold {read.threshold:g} points, {read.min_reporters} reporters, within {_days(read)} days")
    click.echo(f"  {len(read.reasons)} reasons, {len(read.images)} rules for images")
    for note in read.notes:
        click.echo(f"  note: {note}")
    for reason in read.reasons:
        missing = [language for language in LANGUAGES if language not in reason.labels]
        if missing:
            click.echo(f"  note: reasons.{reason.name} has no label in {', '.join(missing)}")
    for keep in read.urls.keep:
        if not keep.names:
            click.echo(f"  note: urls.keep_query is empty for {keep.where}: x.php?id=1 and x.php?id=2 are one image")


@policy.command()
@click.argument("file", type=PATH)
@click.option("--reports", "export", type=PATH, help="An export; without it the journal in Redis is replayed.")
@click.option("--against", type=PATH, help="The policy to compare with; without it the one in use (QUORUM_POLICY).")
@click.option("--show", default=20, show_default=True, help="How many images to show that change.")
def simulate(file: Path, export: Path | None, against: Path | None, show: int) -> None:
    """Replay recorded reports: what FILE would have blocked, when, and what changes against the current one."""
    with plain_failures():
        candidate = load_policy(file)
        current = load_policy(against or read_settings().policy_path)
        try:
            other_people = export is not None and candidate.people.fold_case != current.people.fold_case
            again = _recorded(export, candidate) if other_people else None
            comparison = compare(_recorded(export, current), current, candidate, again)
        except ValueError as error:
            raise SettingsError(
                f"{error} to replay: the journal is empty (QUORUM_JOURNAL_REPORTS), or the export is"
            ) from error
    _print(comparison, show)


@policy.command()
@click.argument("file", type=PATH, required=False)
def attacks(file: Path | None) -> None:
    """Carry out named attacks in simulated time: what each could do, what it costs, what to set against it.

    Prints Markdown, as in docs/attacks.md, within some ten seconds. Without FILE it is the policy in use
    (QUORUM_POLICY).
    """
    with plain_failures():
        read = load_policy(file or read_settings().policy_path)
    click.echo(report_attacks(read), nl=False)


@click.group()
def reports() -> None:
    """Export the last reports that were tallied."""


@reports.command("export")
@click.argument("file", type=click.Path(path_type=Path), default="-")
def export_reports(file: Path) -> None:
    """Write the journal and the decisions of its time as lines of JSON, with fingerprints in place of names.

    They go to FILE, or to the terminal.

    FILE is readable by its owner only, and appears when it is whole.
    """
    with plain_failures():
        if is_replaceable(file) and file != Path("-"):
            with whole_file(file) as out:
                count = _export(out)
        else:
            with click.open_file(str(file), "wb") as out:
                count = _export(out)
    click.echo(f"{count} reports", err=True)


def _export(out: IO[bytes]) -> int:
    count = 0
    for one in _kept():
        line = to_line(one) if isinstance(one, Report) else decision_to_line(one)
        out.write(line.encode() + b"\n")
        count += 1
    return count


def _kept() -> Iterable[Recorded]:
    """Yield what Redis keeps: the journal of reports, then the decisions of the same time."""
    settings = read_settings()
    store = connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions
    first_ms = None
    for report in Journal(*store).reports():
        first_ms = report.received_ms if first_ms is None else first_ms
        yield report
    for made in Trail(*store).decisions():
        if first_ms is not None and made.decision.at_ms >= first_ms:
            yield made


def _recorded(export: Path | None, under: Policy) -> list[Recorded]:
    if export is None:
        return list(_kept())
    try:
        with export.open(encoding="utf-8") as lines:
            return list(from_lines(lines, under.urls, fold_case=under.people.fold_case))
    except OSError as error:
        raise SettingsError(f"{export} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{export} is not UTF-8: {error}") from error
    except QuorumError as error:
        raise SettingsError(f"{export}, {error}") from error


def _days(read: Policy) -> str:
    return f"{read.window_seconds * 1000 / DAY_MS:g}"


def _print(comparison: Comparison, show: int) -> None:
    console = Console(highlight=False)
    console.print(
        f"{comparison.reports:,} reports of {comparison.images:,} images by {comparison.reporters:,} reporters, "
        f"{comparison.decisions:,} decisions, "
        f"{timestamp(comparison.first_ms)[:16]} to {timestamp(comparison.last_ms)[:16]} UTC"
    )
    console.print(_summary(comparison))
    console.print(_chart(comparison))
    changes = comparison.changes
    if not changes:
        console.print("Every image would have fared the same.")
        return
    console.print(_changes(comparison, show))
    if len(changes) > show:
        console.print(f"... and {len(changes) - show} more (--show)")


def _summary(comparison: Comparison) -> Table:
    table = Table(title="Outcome", title_justify="left")
    table.add_column("")
    table.add_column("current", style=CURRENT, justify="right")
    table.add_column("candidate", style=CANDIDATE, justify="right")
    table.add_column("change", justify="right")
    runs = (comparison.current, comparison.candidate)
    table.add_row("policy", *(run.policy.version for run in runs), "")
    rows = {
        "images blocked": [run.count("blocked") for run in runs],
        "images held": [run.count("held") for run in runs],
        "images left open": [comparison.images - len(run.verdicts) for run in runs],
        "shields raised": [len(run.shields_raised) for run in runs],
    }
    for name, (before, after) in rows.items():
        table.add_row(name, f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else "")
    table.add_row("newly blocked", "", "", f"{comparison.moved(into=True):,}")
    table.add_row("no longer blocked", "", "", f"{comparison.moved(into=False):,}")
    return table


def _chart(comparison: Comparison) -> Table:
    """Return the blocks of each day or hour as two bars, the current policy above the candidate."""
    bars = comparison.chart()
    unit = "day" if comparison.step_ms == DAY_MS else "hour"
    dropped = max(len(bars) - MAX_BARS, 0)
    table = Table(
        title=f"Images blocked by the {unit}, current above candidate"
        + (f" (the last {MAX_BARS} {unit}s)" if dropped else ""),
        title_justify="left",
        box=None,
        show_header=False,
    )
    most = max((max(bar[1:]) for bar in bars), default=0) or 1
    for at, before, after in bars[dropped:]:
        label = timestamp(at)[:10] if unit == "day" else timestamp(at)[:13].replace("T", " ") + "h"
        table.add_row(label, _bar(before, most, CURRENT))
        table.add_row("", _bar(after, most, CANDIDATE))
    return table


def _bar(count: int, most: int, style: str) -> Text:
    return Text("█" * -(-count * BAR_WIDTH // most) + f" {count}", style=style if count else "dim")


def _changes(comparison: Comparison, show: int) -> Table:
    table = Table(title="What changes", title_justify="left")
    table.add_column("image", overflow="fold")
    table.add_column("current", style=CURRENT)
    table.add_column("candidate", style=CANDIDATE)
    for image_id, before, after in comparison.changes[:show]:
        table.add_row(
            Text(image_id),
            _verdict(before, comparison.current.nearest.get(image_id)),
            _verdict(after, comparison.candidate.nearest.get(image_id)),
        )
    return table


def _verdict(verdict: Verdict | None, score: float | None) -> str:
    if verdict is None:
        return "open" if score is None else f"open, {score:g} points"
    because = f" ({verdict.cause})" if verdict.cause else ""
    at = timestamp(verdict.at_ms)[:16].replace("T", " ")
    return f"{verdict.state}{because} {at}, {verdict.score:g} points of {verdict.reporters}"
