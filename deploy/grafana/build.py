"""Makes Grafana's dashboards from code: `python deploy/grafana/build.py DIRECTORY` (`make generate`).

What they show stands in `boards/`. tests/e2e/telemetry/test_prometheus.py runs every query of every panel against a
quorum under load.
"""

import sys
from itertools import count
from pathlib import Path
from typing import Literal

from boards import consumers, moderation, overview, pipeline, redis_celery
from boards.panels import Board, Graph, Number
from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
BOARDS = (overview.BOARD, pipeline.BOARD, moderation.BOARD, consumers.BOARD, redis_celery.BOARD)


def build(board: Board) -> dashboard.Dashboard:
    """Return the SDK's builder of a dashboard."""
    made = (
        dashboard.Dashboard(f"quorum: {board.title}")
        .uid(f"quorum-{board.name}")
        .tags(["quorum"])
        .readonly()
        .refresh("10s")
        .time("now-1h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("quorum")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["quorum"])
            .as_dropdown(True)
            .keep_time(True)
        )
    )
    number = count(1)
    for row in board.rows:
        made = made.with_row(dashboard.Row(row.title).id(next(number)))
        for panel in row.panels:
            drawn = _number(panel) if isinstance(panel, Number) else _graph(panel)
            made = made.with_panel(drawn.id(next(number)))
    return made


def _graph(panel: Graph) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(SOURCE)
        .min(0)
        .height(8)
        .span(12)
        .line_width(2)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for place, (query, legend) in enumerate(panel.queries):
        made = made.with_target(_target(query, legend, "ABCDEFGH"[place]))
    return made


def _number(panel: Number) -> stat.Panel:
    return (
        stat.Panel()
        .title(panel.title)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(SOURCE)
        .height(4)
        .span(3)
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_steps(panel)))
        .with_target(_target(panel.query, "", "A"))
    )


def _steps(panel: Number) -> list[Threshold]:
    stops: list[tuple[float | None, Literal["green", "orange", "red"]]] = [(None, "green")]
    if panel.falling:  # the worst comes first, and green from the last step on
        worst: Literal["orange", "red"] = "red" if panel.red is not None else "orange"
        limit = panel.red if panel.red is not None else panel.amber
        stops = [(None, worst), (limit, "green")]
    else:
        stops += [(panel.amber, "orange")] if panel.amber is not None else []
        stops += [(panel.red, "red")] if panel.red is not None else []
    return [Threshold(value=value, color=color) for value, color in stops]


def _target(query: str, legend: str, ref: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query).legend_format(legend).ref_id(ref).range()


def main(directory: Path) -> None:
    """Write a file for each dashboard, named after it."""
    for board in BOARDS:
        text = JSONEncoder(sort_keys=True, indent=1).encode(build(board).build())
        (directory / f"{board.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
