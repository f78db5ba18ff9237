"""Who is calling: a site's backend with its key, a reader's browser with a signed token, or a network."""

from quorum.credentials import ApiKey, Scope, digest_of
from quorum.errors import InvalidToken, SettingsError
from quorum.identity import ANONYMOUS, VERIFIED, Reporter, fingerprint, network_of
from quorum.policy import Policy
from quorum.redis_store.api_keys import KeyRing
from quorum.settings import Settings
from quorum.tokens import TokenReader, read_token_keys
from report_api.problems import Refused

_BEARER = "Bearer "


def require_pepper(settings: Settings) -> None:
    """Refuse to start where reporters could be guessed from their fingerprints. Raises SettingsError."""
    if not settings.pepper:
        raise SettingsError("QUORUM_PEPPER is missing; set it to a secret of 16 characters or more")


class Access:
    """Turns an Authorization header, a named reporter and an address into a Reporter, or refuses."""

    def __init__(self, settings: Settings, policy: Policy, keys: KeyRing) -> None:
        self._pepper = settings.pepper.encode()
        self._site_key = _site_key(settings.site_key) if settings.site_key else None
        self._tokens = TokenReader(
            read_token_keys(settings.token_secret, settings.token_keys_path), settings.token_audience
        )
        self._keys = keys
        self._open_reads = settings.read_access == "open"
        self._anonymous_counts = policy.reporter_weights[ANONYMOUS] > 0

    def reporter(self, authorization: str | None, named: str | None, address: str | None) -> Reporter:
        """Return who reports. `named` is the body's reporter_id, `address` the caller's. Raises Refused."""
        if authorization is None:
            return self._anonymous(named, address)
        credential = _bearer(authorization)
        if self._may(credential, Scope.REPORT):
            if named is None:
                raise _invalid_reporter("is missing; with an API key the body names who reports")
            return self.named(named)
        subject = self._subject(credential)
        if named is not None:
            raise _invalid_reporter("is named by the token; leave it out of the body")
        return self._reporter(VERIFIED, subject)

    def check_backend(self, authorization: str | None) -> None:
        """Refuse a caller who is not a site's backend and so may not name readers."""
        if authorization is None or not self._may(_bearer(authorization), Scope.REPORT):
            raise _unauthorized("Batches need the API key of a site's backend: 'Authorization: Bearer <key>'.")

    def named(self, subject: str) -> Reporter:
        """Return the reader whom a site's backend names."""
        return self._reporter(VERIFIED, subject)

    def check_read(self, authorization: str | None) -> None:
        """Refuse a caller who may not read states and events."""
        if self._open_reads:
            return
        if authorization is None or not self._may(_bearer(authorization), Scope.READ):
            raise _unauthorized("Reading needs an API key: send 'Authorization: Bearer <key>'.")

    def _may(self, credential: str, scope: Scope) -> bool:
        """Tell whether `credential` is a key with `scope`. Raises Refused for a valid key without it."""
        if self._site_key is not None and self._site_key.opens(credential):
            found: ApiKey | None = self._site_key
        else:
            found = self._keys.find(credential)
        if found is None:
            return False
        if scope not in found.scopes:
            raise Refused(403, "forbidden", "The API key may not do this", f"it needs the scope {scope.value!r}")
        return True

    def _subject(self, token: str) -> str:
        try:
            return self._tokens.subject(token)
        except InvalidToken as error:
            raise _unauthorized(f"The credential is not accepted: {error}.") from error

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


def _site_key(whole: str) -> ApiKey:
    """Return the key that the settings name: it reports and reads, and lives as long as the setting."""
    return ApiKey("site", "QUORUM_SITE_KEY", digest_of(whole), frozenset({Scope.REPORT, Scope.READ}), 0)


def _bearer(authorization: str) -> str:
    if not authorization.startswith(_BEARER):
        raise _unauthorized("Send the credential as 'Authorization: Bearer <key or token>'.")
    return authorization[len(_BEARER) :]


def _unauthorized(detail: str) -> Refused:
    return Refused(401, "unauthorized", "Who is calling is not known", detail)


def _invalid_reporter(detail: str) -> Refused:
    return Refused(422, "invalid-report", "The report is not valid", detail, "reporter_id")
