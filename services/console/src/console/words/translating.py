"""The language of a page: `_` and its like for views, and the same for templates.

English stands in the source. Catalogues lie in `locale/`; `make translations` brings them up to date with the source.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, g, has_request_context, request, session

from quorum.languages import DEFAULT_LANGUAGE, LANGUAGES
from quorum.languages.catalogues import translations

LOCALE = Path(__file__).parent.parent / "locale"


def language() -> str:
    """Return the language of this request: as `?lang=` asks, as was chosen before, or as the browser prefers."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if "language" not in g:
        asked = request.args.get("lang")
        if asked in LANGUAGES and session.get("language") != asked:
            session["language"] = asked
        chosen = session.get("language")
        preferred = request.accept_languages.best_match(list(LANGUAGES)) or DEFAULT_LANGUAGE
        g.language = chosen if chosen in LANGUAGES else preferred
    found: str = g.language
    return found


def gettext(message: str, **values: Any) -> str:
    """Return a text in the reader's language, with its values filled in: `%(name)s`."""
    text = translations(LOCALE, language()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    """Return the text for `n`, in the form that the reader's language has for it; `%(num)s` is the number."""
    text = translations(LOCALE, language()).ngettext(singular, plural, n)
    return text % {"num": n, **values}


def later(message: str) -> str:
    """Mark a text of a constant: it is found for the catalogues here, and translated by `gettext` where it is shown."""
    return message


def translate_templates(app: Flask) -> None:
    """Let templates say `_("…")` and `{% trans %}`."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    of_template: Callable[[str], str] = lambda text: translations(LOCALE, language()).gettext(text)  # noqa: E731
    of_number: Callable[[str, str, int], str] = lambda one, many, n: translations(LOCALE, language()).ngettext(  # noqa: E731
        one, many, n
    )
    install: Any = app.jinja_env
    install.install_gettext_callables(of_template, of_number, newstyle=True)
