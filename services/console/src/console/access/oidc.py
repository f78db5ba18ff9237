"""`/sign-in/oidc`: signing in by an OpenID provider, for those who have an account here. Authlib speaks the protocol.

Somebody is known by the provider's issuer and subject. The first time it is by an address that the provider has
verified: the account of that name is theirs from then on, unless it is somebody else's.
"""

import logging
from typing import Any, cast

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, Response, abort, current_app, request, session, url_for
from joserfc.errors import JoseError
from requests import RequestException

from console.access.signing_in import begin as begin_session
from console.access.signing_in import form, safe_place
from console.web.going import see_other
from console.web.services import services
from console.words.translating import gettext as _
from quorum.accounts.account import Account
from quorum.errors import AccountExists, InvalidAccount, SignInRefused, UnknownAccount
from quorum.settings import Settings

SECONDS = 5.0  # that the provider may take for an answer
# Made with a key that the provider alone has; what a client secret signs, or nothing, is no proof.
SIGNED_BY = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
PROVIDER = "quorum_provider"

log = logging.getLogger(__name__)
blueprint = Blueprint("oidc", __name__)


class _Refused(Exception):
    """What the provider says lets nobody in."""


def prepare(app: Flask, settings: Settings) -> None:
    """Know the provider, if there is one; it is asked for its addresses when somebody signs in."""
    if not settings.oidc_issuer:
        return
    OAuth(app).register(
        PROVIDER,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client,
        client_secret=settings.oidc_secret,
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )


@blueprint.get("/sign-in/oidc")
def begin() -> Response:
    """Send somebody to the provider."""
    session["next"] = safe_place(request.args.get("next"))
    try:
        return cast("Response", _provider().authorize_redirect(_back()))
    except (OAuthError, RequestException, _Refused, ValueError, KeyError, RuntimeError):
        log.warning("the OpenID provider cannot be asked", exc_info=True)
        return form(503, _("The sign-in service of your organisation does not answer. Please try again in a moment."))


@blueprint.get("/sign-in/oidc/back")
def end() -> Response:
    """Take who comes back from the provider, and begin a session."""
    place = safe_place(session.pop("next", None))
    try:
        claims = _provider().authorize_access_token(claims_options=_claims()).get("userinfo") or {}
        account = _account(claims)
    except (OAuthError, JoseError, RequestException, _Refused, ValueError, KeyError, RuntimeError, TypeError):
        log.warning("an answer of the OpenID provider lets nobody in", exc_info=True)
        return form(401, _("Your organisation did not let you in. Please begin again."))
    try:
        if account is not None:
            begin_session(account)
            return see_other(place)
    except SignInRefused:  # it is disabled, or was changed at this very moment
        pass
    return form(403, _("There is no account for you here. An administrator makes one."))


def _provider() -> Any:
    """Return the client of the provider. Raises _Refused when it is not the one that was named."""
    settings = services().settings
    if not settings.oidc_issuer:
        abort(404)
    provider = current_app.extensions["authlib.integrations.flask_client"].create_client(PROVIDER)
    metadata = provider.load_server_metadata()
    if str(metadata.get("issuer")).rstrip("/") != settings.oidc_issuer.rstrip("/"):
        raise _Refused(f"its issuer is {metadata.get('issuer')!r}")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [one for one in offered if one in SIGNED_BY]
    return provider


def _claims() -> dict[str, Any]:
    settings = services().settings
    issuer = settings.oidc_issuer.rstrip("/")
    return {
        "iss": {"essential": True, "values": [issuer, f"{issuer}/"]},
        "aud": {"essential": True, "value": settings.oidc_client},
        "sub": {"essential": True},
        "nonce": {"essential": True},
        "exp": {"essential": True},
    }


def _account(claims: dict[str, Any]) -> Account | None:
    """Return whose account the provider speaks of; at the first time it is linked."""
    accounts = services().accounts
    subject = f"{claims['iss']} {claims['sub']}"
    known = accounts.by_subject(subject)
    if known:
        return known
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return None
    try:
        found = accounts.get(email)
        return accounts.link(email, subject) if found and found.subject is None else None
    except (InvalidAccount, UnknownAccount, AccountExists):
        return None


def _back() -> str:
    own = services().settings.console_url
    return f"{own.rstrip('/')}{url_for('oidc.end')}" if own else url_for("oidc.end", _external=True)
