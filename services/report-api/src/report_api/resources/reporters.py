"""`POST /v1/reporters/status`: what a site should know of its reporters, so that it can warn them (DSA, Article 23)."""

import time
from typing import Any

from flask import Blueprint

from quorum.events.event import timestamp
from quorum.policy.accuracy import MINUTE_MS, Standing
from quorum.schemas.reporters import ReporterIdsSchema, ReporterStandingsSchema
from report_api.web.bodies import json_list_body
from report_api.web.describing import answer, documented
from report_api.web.services import services

blueprint = Blueprint("reporters", __name__)


@blueprint.post("/v1/reporters/status")
@documented(
    "What a site should tell its reporters",
    "Whether reporters were warned or muted because of unfounded reports.",
    takes=ReporterIdsSchema,
    answers={200: answer("In the order asked.", ReporterStandingsSchema)},
)
def reporters_status() -> dict[str, Any]:
    """Return the standing of reporters by the names that the site gives them; names go in a body, not in a log line."""
    parts = services()
    people = ReporterIdsSchema(parts.policy).load(json_list_body())["reporter_ids"]
    standings = parts.reporters.standings(parts.access.fingerprints(people))
    return {"reporters": [_body(one.name, standing) for one, standing in zip(people, standings, strict=True)]}


def _body(name: str, standing: Standing) -> dict[str, Any]:
    muted = standing.is_muted(round(time.time() * 1000))
    return {
        "reporter_id": name,
        "standing": "muted" if muted else "warned" if standing.warned else "good",
        "upheld": standing.upheld,
        "unfounded": standing.unfounded,
        "warned_at": timestamp(standing.warned * MINUTE_MS) if standing.warned else None,
        "muted_until": timestamp(standing.muted_until * MINUTE_MS) if muted else None,
    }
