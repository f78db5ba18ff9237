"""Who is calling: a site's backend with its key, a reader's browser with a signed token, or a network."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from quorum.access.keys import ApiKey, Scope, digest_of
from quorum.access.stored_keys import KeyRing
from quorum.errors import InvalidToken, SettingsError
from quorum.images.content import Content
from quorum.network.addresses import Address
from quorum.people import Person
from quorum.policy.classes import ANONYMOUS
from quorum.policy.model import Policy
from quorum.reporters.fingerprints import Reporter
from quorum.reporters.identities import Identities
from quorum.reporters.token_keys import read_token_keys
from quorum.reporters.tokens import Subject, TokenReader
from quorum.settings import Settings
from report_api.access.unauthorized import NO_KEY, NO_TOKEN, UNKNOWN_KEY, UNREADABLE, kind_of, unauthorized
from report_api.web.problems import Refused


def require_pepper(settings: Settings) -> None:
    """Refuse to start where reporters could be guessed from their fingerprints. Raises SettingsError."""
    if not settings.pepper:
        raise SettingsError("QUORUM_PEPPER is missing; set it to a secret of 16 characters or more")


class Claimed(NamedTuple):
    """What a report's body claims; only a site's backend may claim it."""

    reporter_id: Person | None = None
    reporter_since: datetime | None = None
    reporter_address: Address | None = None
    content_hash: Content | None = None
    content_quality: int | None = None

    def first_field(self) -> str | None:
        """Return the name of the first field that is given."""
        return next((name for name in self._fields if getattr(self, name) is not None), None)


NOTHING_CLAIMED = Claimed()
FindAddress = Callable[[], Address | None]


class Caller(NamedTuple):
    """Who reports, and what the limit of their kind is counted by: an API key or a network."""

    reporter: Reporter
    key_id: str | None = None
    network: int = 0


class Shown(NamedTuple):
    """What a request shows of who calls, before its body is read: a key, or the reader of a token, or an address."""

    key: ApiKey | None = None
    subject: Subject | None = None
    address: Address | None = None

    @property
    def caller(self) -> str:
        """What tells the caller from others, however often the token is renewed."""
        if self.key:
            return f"key {self.key.id}"
        return f"reader {self.subject.person.name}" if self.subject else f"address {self.address}"


class Access:
    """Turns an Authorization header, an address and then what the body claims into a Caller, or refuses."""

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._identities = Identities(settings.pepper, settings.pepper_previous)
        self._site_key = _site_key(settings.site_key) if settings.site_key else None
        self._tokens = TokenReader(
            read_token_keys(settings.token_secret, settings.token_keys_path), settings.token_audience
        )
        self._keys = keys
        self._takes_anonymous = settings.takes_anonymous
        self.open_reads = settings.read_access == "open"

    def shown(self, authorization: str | None, find_address: FindAddress, policy: Policy) -> Shown:
        """Return what a report's request shows, all of it valid. Raises Refused."""
        if authorization is None:
            if not self._takes_anonymous:
                raise unauthorized(
                    NO_TOKEN,
                    "This site takes no anonymous reports: send the reader's token, made by the site's backend, as "
                    "'Authorization: Bearer <token>'. Where readers without one shall report, set QUORUM_ANONYMOUS=on.",
                )
            return _anonymous(find_address(), policy)
        credential = _bearer(authorization)
        key = self._key(credential, Scope.REPORT)
        if key:
            return Shown(key)
        try:
            subject = self._tokens.subject(
                credential, policy.tokens.max_hours * 3600, fold_case=policy.people.fold_case
            )
        except InvalidToken as error:
            raise unauthorized(kind_of(error), f"The credential is not accepted: {error}.") from error
        return Shown(None, subject, find_address())

    def caller(self, shown: Shown, claimed: Claimed, policy: Policy) -> Caller:
        """Return who reports. Raises Refused."""
        if shown.key:
            return self.named(claimed, shown.key, policy)
        field = claimed.first_field()
        if shown.subject:
            if field:
                raise _invalid(field, "is for a site's backend; with a reporter token leave it out of the body")
            reporter = self._identities.named(shown.subject.person, policy, shown.subject.since, shown.address)
            return Caller(reporter, network=self._identities.networks(shown.address).near if shown.address else 0)
        if field:
            raise unauthorized(
                NO_KEY, f"Only a site's backend gives {field}: send its key as 'Authorization: Bearer <key>'."
            )
        assert shown.address is not None
        reporter = self._identities.anonymous(shown.address, policy)
        return Caller(reporter, network=self._identities.networks(shown.address).near)

    def require(self, authorization: str | None, *scopes: Scope) -> ApiKey:
        """Return the key of a caller who may do this: a key that has one of `scopes`. Raises Refused."""
        key = self._key(_bearer(authorization), *scopes) if authorization is not None else None
        if key is None:
            kind = NO_KEY if authorization is None else UNKNOWN_KEY
            raise unauthorized(kind, f"This needs an API key with {_told(scopes)}: 'Authorization: Bearer <key>'.")
        return key

    def named(self, claimed: Claimed, key: ApiKey, policy: Policy) -> Caller:
        """Return the reader whom a site's backend names. Raises Refused."""
        if claimed.reporter_id is None:
            raise _invalid("reporter_id", "is missing; with an API key the body names who reports")
        if claimed.content_hash and Scope.CONTENT not in key.scopes:
            raise Refused(
                403,
                "forbidden",
                "The API key may not do this",
                f"joins images: that needs the scope {Scope.CONTENT.value!r}; leave it out, or use another key",
                "content_hash",
            )
        since = claimed.reporter_since.timestamp() if claimed.reporter_since else None
        return Caller(self._identities.named(claimed.reporter_id, policy, since, claimed.reporter_address), key.id)

    def check_read(self, authorization: str | None) -> None:
        """Refuse a caller who may not read states and events."""
        if not self.open_reads:
            self.require(authorization, Scope.READ)

    def fingerprints(self, people: list[Person]) -> list[list[bytes]]:
        """Return what is kept in place of names: for each person the fingerprint in use, and earlier ones."""
        return [self._identities.fingerprints_of(person) for person in people]

    def _key(self, credential: str, *scopes: Scope) -> ApiKey | None:
        """Return the key that `credential` is, None when it is none. Raises Refused for one with none of these."""
        if self._site_key is not None and self._site_key.opens(credential):
            found: ApiKey | None = self._site_key
        else:
            found = self._keys.find(credential)
        if found is not None and found.scopes.isdisjoint(scopes):
            raise Refused(403, "forbidden", "The API key may not do this", f"it needs {_told(scopes)}")
        return found


def _told(scopes: tuple[Scope, ...]) -> str:
    return "the scope " + " or ".join(repr(scope.value) for scope in scopes)


def _anonymous(address: Address | None, policy: Policy) -> Shown:
    if not policy.reporter_weights[ANONYMOUS]:
        raise unauthorized(NO_TOKEN, "Reports need a reporter token: send it as 'Authorization: Bearer <token>'.")
    if address is None:
        raise unauthorized(
            NO_TOKEN,
            "From which address this came is not known, so nobody can be told apart: send a reporter token as "
            "'Authorization: Bearer <token>'.",
        )
    return Shown(address=address)


def _site_key(whole: str) -> ApiKey:
    """Return the key that the settings name: it reports, joins copies and reads, and lives as long as the setting."""
    scopes = frozenset({Scope.REPORT, Scope.CONTENT, Scope.READ})
    return ApiKey("site", "QUORUM_SITE_KEY", digest_of(whole), scopes, 0)


def _bearer(authorization: str) -> str:
    """Return the credential of a header; the name of the scheme may be in any case (RFC 9110, 11.1)."""
    scheme, _, credential = authorization.strip(" ").partition(" ")
    if scheme.lower() != "bearer" or not credential.isascii():
        raise unauthorized(UNREADABLE, "Send the credential as 'Authorization: Bearer <key or token>'.")
    return credential.lstrip(" ")


def _invalid(field: str, detail: str) -> Refused:
    return Refused(422, "invalid-report", "The report is not valid", detail, field)
