"""Who is calling: a site's backend with its key, a reader's browser with a signed token, or a network."""

import hmac
import time
from collections import OrderedDict
from hashlib import sha256
from threading import Lock

import jwt

from quorum.errors import SettingsError
from quorum.identity import ANONYMOUS, VERIFIED, Reporter, fingerprint, network_of
from quorum.policy import Policy
from quorum.settings import Settings
from report_api.problems import Refused

_BEARER = "Bearer "
_REMEMBERED_TOKENS = 4096
_MAX_TOKEN = 4096  # characters


def require_pepper(settings: Settings) -> None:
    """Refuse to start where reporters could be guessed from their fingerprints. Raises SettingsError."""
    if not settings.pepper:
        raise SettingsError("QUORUM_PEPPER is missing; set it to a secret of 16 characters or more")


class Access:
    """Turns an Authorization header, a named reporter and an address into a Reporter, or refuses."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self._pepper = settings.pepper.encode()
        self._key_digest = sha256(settings.site_key.encode()).digest() if settings.site_key else None
        self._tokens = TokenReader(settings.token_secret, settings.token_audience)
        self._open_reads = settings.read_access == "open"
        self._anonymous_counts = policy.reporter_weights[ANONYMOUS] > 0

    def reporter(self, authorization: str | None, named: str | None, address: str | None) -> Reporter:
        """Return who reports. `named` is the body's reporter_id, `address` the caller's. Raises Refused."""
        if authorization is None:
            return self._anonymous(named, address)
        credential = _bearer(authorization)
        if self._is_site_key(credential):
            if named is None:
                raise _invalid_reporter("is missing; with an API key the body names who reports")
            return self._reporter(VERIFIED, named)
        if named is not None:
            raise _invalid_reporter("is named by the token; leave it out of the body")
        return self._reporter(VERIFIED, self._tokens.subject(credential))

    def check_read(self, authorization: str | None) -> None:
        """Refuse a caller who may not read states and events."""
        if self._open_reads:
            return
        if authorization is None or not self._is_site_key(_bearer(authorization)):
            raise _unauthorized("Reading needs an API key: send 'Authorization: Bearer <key>'.")

    def _is_site_key(self, credential: str) -> bool:
        if self._key_digest is None:
            return False
        return hmac.compare_digest(sha256(credential.encode()).digest(), self._key_digest)

    def _anonymous(self, named: str | None, address: str | None) -> Reporter:
        if named is not None:
            raise _unauthorized(
                "Only a site's backend names its reader: send its key as 'Authorization: Bearer <key>'."
            )
        if not self._anonymous_counts or not address:
            raise _unauthorized("Reports need a reporter token: send it as 'Authorization: Bearer <token>'.")
        return self._reporter(ANONYMOUS, network_of(address))

    def _reporter(self, reporter_class: str, subject: str) -> Reporter:
        return Reporter(reporter_class, fingerprint(self._pepper, reporter_class, subject))


class TokenReader:
    """Checks reporter tokens (JWT, HS256), and remembers good ones until they expire, since checking is dear."""

    def __init__(self, secret: str, audience: str) -> None:
        self._secret = secret
        self._audience = audience
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = Lock()

    def subject(self, token: str) -> str:
        """Return who the token names. Raises Refused."""
        known = self._known.get(token)
        if known and known[1] > time.time():
            return known[0]
        subject, expires = self._verify(token)
        with self._lock:
            self._known[token] = (subject, expires)
            while len(self._known) > _REMEMBERED_TOKENS:
                self._known.popitem(last=False)
        return subject

    def _verify(self, token: str) -> tuple[str, float]:
        if not self._secret or len(token) > _MAX_TOKEN or token.count(".") != 2:  # noqa: PLR2004 - RFC 7519, 3
            raise _unauthorized("The credential is neither a known API key nor a reporter token.")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=self._audience,
                options={"require": ["sub", "aud", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise _unauthorized("The reporter token has expired; ask the site for a new one.") from error
        except jwt.InvalidTokenError as error:
            raise _unauthorized(f"The reporter token is not valid: {error}.") from error
        subject = claims["sub"]
        if not subject.strip():
            raise _unauthorized("The reporter token names nobody: its sub is blank.")
        return subject, float(claims["exp"])


def mint_token(secret: str, audience: str, subject: str, lifetime_seconds: int) -> str:
    """Return a reporter token as a site's backend would make it."""
    return jwt.encode(
        {"sub": subject, "aud": audience, "exp": int(time.time()) + lifetime_seconds}, secret, algorithm="HS256"
    )


def _bearer(authorization: str) -> str:
    if not authorization.startswith(_BEARER):
        raise _unauthorized("Send the credential as 'Authorization: Bearer <key or token>'.")
    return authorization[len(_BEARER) :]


def _unauthorized(detail: str) -> Refused:
    return Refused(401, "unauthorized", "Who is calling is not known", detail)


def _invalid_reporter(detail: str) -> Refused:
    return Refused(422, "invalid-report", "The report is not valid", detail, "reporter_id")
