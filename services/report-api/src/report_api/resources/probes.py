"""What machines ask: is it alive, is it ready, how is it doing."""

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from report_api.web.describing import answer, documented, left_out
from report_api.web.services import services

# Machines call these by address, whatever the names of the site are.
PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_YES = {200: answer("Yes.", {"type": "object"})}


def make_probes(registry: CollectorRegistry) -> Blueprint:
    """Return the probes; `registry` is what /metrics exports."""
    blueprint = Blueprint("probes", __name__)

    @blueprint.get("/livez")
    @documented("Is the process alive?", answers=_YES)
    def livez() -> dict[str, str]:
        """Answer while the process can answer; never asks Redis."""
        return {"status": "alive"}

    @blueprint.get("/readyz")
    @documented("Can it take reports?", answers=_YES)
    def readyz() -> dict[str, str]:
        """Answer 200 when Redis does and has its data, within 250 ms; 503 otherwise."""
        services().readiness.ready()
        return {"status": "ready"}

    @blueprint.get("/metrics")
    @left_out("It is for Prometheus; docs/metrics.md lists what it exports.")
    def metrics() -> Response:
        """Export metrics in the Prometheus text format."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint
