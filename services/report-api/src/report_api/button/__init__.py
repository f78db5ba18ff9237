"""`/button/`: the script of `<quorum-report>`, for pages of any site; they may keep it for ever."""

from flask import Blueprint, Response, abort, request

from report_api.button.files import scripts
from report_api.web.describing import left_out

FOR_EVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("button", __name__)


@blueprint.get("/button/<filename>")
@left_out("A script for pages, no call; docs/button.md.")
def script(filename: str) -> Response:
    """Give a script under the name that says what is in it."""
    found = scripts().get(filename)
    if found is None:
        abort(404)
    zipped = request.accept_encodings["gzip"] > 0
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = found.compressed if zipped else found.content
    return Response(body, headers=headers, content_type="text/javascript; charset=utf-8")
