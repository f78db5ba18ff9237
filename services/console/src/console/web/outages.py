"""What every page says when Redis does not answer, has lost its data, or does not permit what is needed.

Sessions lie in Redis, so nobody can be told from a stranger then: the page says what is wrong and what an operator
does, holds no data, and is the same for all.
"""

import logging

from flask import Response

from console.web.htmx import is_part
from console.web.pages import show
from console.words.findings import Finding
from quorum.errors import CommandDenied, DataMissing, StoreUnavailable

RETRY_SECONDS = 5

log = logging.getLogger(__name__)


def finding_of(error: StoreUnavailable) -> Finding:
    """Return what is wrong, as `/operations` calls it."""
    name = {DataMissing: "data_missing", CommandDenied: "redis_denies"}.get(type(error), "redis_down")
    return Finding(name, urgent=True)


def outage(error: StoreUnavailable) -> Response:
    """Return the page, or for htmx a notice, with status 503."""
    log.error("redis cannot be used: %s", error, exc_info=error if isinstance(error, CommandDenied) else None)
    finding = finding_of(error)
    response = show("outage_notice.html" if is_part() else "outage.html", 503, finding=finding)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    if is_part():
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
    return response
