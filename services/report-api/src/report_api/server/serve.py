"""What a server process begins with: logs, spans, then the application."""

from quorum.host.lifeline import end_with_parent_process
from quorum.settings import read_settings
from quorum.telemetry.logs import configure_logs
from quorum.telemetry.tracing import make_tracing
from report_api.app import create_app
from report_api.server.admission import Admission
from report_api.server.door import Door
from report_api.server.greenlets import LoopParking
from report_api.server.passage import Passage, read_place
from report_api.telemetry.correlation import add_request
from report_api.telemetry.observe import Cuts
from report_api.web.headers import Headers
from report_api.web.services import EXTENSION, Services


def api(threads: int) -> Door:
    """Return the report API of a server process, with `threads` for what is not a report."""
    end_with_parent_process()
    settings = read_settings()
    configure_logs("report-api", settings.log_format, settings.log_level, [add_request])
    parking = LoopParking()
    app = create_app(settings, parking=parking)
    tracing = make_tracing("quorum-report-api")
    if tracing:
        from report_api.telemetry.spans import trace_requests  # noqa: PLC0415 - OpenTelemetry may not be installed

        trace_requests(app, tracing)
    admission = Admission(settings.request_seconds, settings.unfinished_per_address, settings.unfinished_requests)
    parts: Services = app.extensions[EXTENSION]
    place = read_place(settings.stream_inner)
    return Door(
        app.wsgi_app,
        admission,
        parking,
        threads,
        cuts=Cuts(),
        forwarding=parts.forwarding,
        headers=Headers(settings.cors_origins),
        passage=Passage(place, parts.forwarding, settings.stream_take_seconds) if place else None,
    )
