"""What the HTML pages have in common: the reader's language, and fresh answers."""

from typing import Any

from flask import Response, render_template, request

from report_api.web.language import choose_language, offered

LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية", "es": "Español"}  # as their speakers call them
RIGHT_TO_LEFT = frozenset({"ar"})


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
