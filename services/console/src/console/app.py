"""Puts the console together."""

from urllib.parse import urlsplit

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from console import accounts, audit, images, keys, operations, policy, queue, reporters, shields, statistics, webhooks
from console.access import mine, oidc, signing_in
from console.access.cookies import Cookies, signing_key
from console.access.guard import guard
from console.images import deciding, elsewhere
from console.web.headers import send_headers
from console.web.pages import prepare_templates
from console.web.paths import take_image_ids
from console.web.problems import register_problems
from console.web.services import EXTENSION, Services, services, wire
from console.words.translating import translate_templates
from quorum.errors import SettingsError
from quorum.network.forwarding import with_scheme
from quorum.settings import Settings, read_settings

MAX_BODY_BYTES = 1 << 20
ROOMS = (
    *(signing_in, oidc, mine, queue, images, deciding, elsewhere, reporters),
    *(operations, statistics, audit, policy, shields, webhooks, keys, accounts),
)


def create_app(settings: Settings | None = None, parts: Services | None = None) -> Flask:
    """Return the WSGI application; `parts` replaces what stands behind its pages. Raises SettingsError, PolicyError."""
    settings = settings or read_settings()
    require_pepper(settings)
    app = Flask(__name__)
    app.secret_key = signing_key(settings.pepper)
    app.session_interface = Cookies()
    host = urlsplit(settings.console_url).netloc
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        TRUSTED_HOSTS=[host, "127.0.0.1", "localhost"] if host else None,  # those of this machine are for probes
        WTF_CSRF_TIME_LIMIT=None,  # it is good for as long as the session
        SEND_FILE_MAX_AGE_DEFAULT=0,  # by their ETag, so that no release meets the scripts of the one before
    )
    take_image_ids(app)
    parts = parts or wire(settings)
    app.extensions[EXTENSION] = parts
    CSRFProtect(app)
    translate_templates(app)
    prepare_templates(app)
    register_problems(app)
    send_headers(app)
    _answer_probes(app)
    oidc.prepare(app, settings)
    for room in ROOMS:
        app.register_blueprint(room.blueprint)
    guard(app)
    if settings.proxy_hops:
        app.wsgi_app = with_scheme(app.wsgi_app, parts.forwarding)  # type: ignore[method-assign, assignment]
    return app


def require_pepper(settings: Settings) -> None:
    """Raise SettingsError without one."""
    if not settings.pepper:
        raise SettingsError("the console needs QUORUM_PEPPER, the same as the API's: cookies are signed with it")


def _answer_probes(app: Flask) -> None:
    @app.get("/livez")
    def livez() -> dict[str, str]:
        """Answer while the process can answer; never asks Redis."""
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> dict[str, str]:
        """Answer 200 when Redis does and has its data, within 250 ms; 503 otherwise."""
        services().readiness.ready()
        return {"status": "ready"}
