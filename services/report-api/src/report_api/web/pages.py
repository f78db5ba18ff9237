"""What the HTML pages have in common: the reader's language, and fresh answers."""

from typing import Any

from flask import Response, render_template, request

from quorum.languages import LANGUAGES, RIGHT_TO_LEFT
from report_api.web.language import choose_language, offered


def language_of_reader() -> str:
    """Return the language that `?lang=` or else the browser asks for."""
    wanted = offered(request.args.get("lang", ""))
    return wanted or choose_language(request.headers.get("Accept-Language"))


def show_page(template: str, language: str, **values: Any) -> Response:
    """Return a page from its template, which also gets `language`, `languages` and `direction`."""
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    html = render_template(template, language=language, languages=LANGUAGES, direction=direction, **values)
    headers = {
        "Content-Language": language,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return Response(html, headers=headers)
