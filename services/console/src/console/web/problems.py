"""What a page says when something is wrong, instead of a stack trace."""

import logging

from flask import Flask, Response
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from console.web.htmx import is_part
from console.web.outages import outage
from console.web.pages import show
from console.words.refusals import why
from console.words.translating import gettext as _
from quorum.errors import InvalidImageId, QuorumError, StoreUnavailable

log = logging.getLogger(__name__)


class Wrong(Exception):
    """A request that cannot be answered as it is; `words` say why, in the reader's language."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def problem(status: int, words: str) -> Response:
    """Return a page, or for htmx a notice, that says what is wrong."""
    if is_part():
        response = show("notice.html", status, words=words)
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    return show("problem.html", status, words=words)


def register_problems(app: Flask) -> None:
    """Answer every error with words."""
    _of_requests(app)
    _of_the_store(app)
    _of_all_else(app)


def _of_requests(app: Flask) -> None:
    @app.errorhandler(Wrong)
    def wrong(error: Wrong) -> Response:
        return problem(error.status, error.words)

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> Response:
        return problem(
            400, _("This form is too old, or was not sent by this page. Go back, load it again, and send it again.")
        )

    @app.errorhandler(InvalidImageId)
    def bad_image(error: InvalidImageId) -> Response:
        return problem(422, _("This is not the id of an image: %(why)s", why=why(error)))

    @app.errorhandler(SecurityError)
    def other_name(_error: SecurityError) -> Response:
        """Answer who asks under a name that is not ours; no page is made for it, for its links would lead there."""
        return Response(
            "The console does not answer under this name (QUORUM_CONSOLE_URL).\n", 400, mimetype="text/plain"
        )


def _of_the_store(app: Flask) -> None:
    @app.errorhandler(StoreUnavailable)
    def away(error: StoreUnavailable) -> Response:
        return outage(error)


def _of_all_else(app: Flask) -> None:
    @app.errorhandler(QuorumError)
    def refused(error: QuorumError) -> Response:
        return problem(409, str(error))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        words = {
            403: _("You may not do this. Somebody with a higher role can."),
            404: _("There is no such page."),
            405: _("This page cannot be asked in that way."),
            413: _("This is too large."),
        }
        return problem(error.code or 500, words.get(error.code or 500, _("This request cannot be answered.")))

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        log.error("request failed", exc_info=error)
        return problem(500, _("Something went wrong here. The log of the console says what."))
