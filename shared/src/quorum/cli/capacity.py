"""`quorum capacity`: what so many reports need."""

import click

from quorum.telemetry.capacity import Load, need_of

_USUAL = Load(reports_per_day=0)
_SHARE = click.FloatRange(0, 1)
_POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option("--reports-per-day", type=_POSITIVE, required=True, help="Reports that come in on a usual day.")
@click.option("--reports-per-image", type=_POSITIVE, default=_USUAL.reports_per_image, show_default=True)
@click.option("--blocked-share", type=_SHARE, default=_USUAL.blocked_share, show_default=True, help="Of the images.")
@click.option("--window-days", type=_POSITIVE, default=_USUAL.window_days, show_default=True, help="As in the policy.")
@click.option("--event-days", type=_POSITIVE, default=_USUAL.event_days, show_default=True)
@click.option("--peak", type=_POSITIVE, default=_USUAL.peak, show_default=True, help="Busiest minute over the mean.")
def capacity(**load: float) -> None:
    """Say how much Redis memory, how many processors and workers so many reports need (docs/capacity.md)."""
    need = need_of(Load(**load))  # type: ignore[arg-type] # the options are its fields
    click.echo(f"busiest minute  {need.peak_reports_per_second:,.1f} reports/s")
    click.echo(f"Redis memory    {need.kept_bytes / 1e6:,.0f} MB kept; maxmemory {need.maxmemory_bytes / 1e6:,.0f} MB")
    click.echo(
        f"processors      API {need.api_cores:.2f}, Redis {need.redis_cores:.2f}, workers {need.worker_cores:.2f}"
    )
    click.echo(f"workers         {need.workers}")
    if need.redis_cores > 1:
        click.echo("Redis runs its commands on one core: split your sites between several installations")
