"""Everything quorum raises on purpose. Permanent errors say what to mend; transient ones may be tried again."""


class QuorumError(Exception):
    """Base of all errors that quorum raises on purpose."""


class PermanentError(QuorumError):
    """Trying again does not help: something must be mended first."""


class TransientError(QuorumError):
    """The same call may succeed later; nothing was half-done."""


class SettingsError(PermanentError):
    """A setting is missing or unusable; the message names the variable and the fix."""


class PolicyError(PermanentError):
    """The policy file is unusable; the message names the line or field and the fix."""


class InvalidImageId(PermanentError):
    """An image id breaks the rule of `quorum.images.image`; the message says which part of it."""


class InvalidName(PermanentError):
    """What should name a person breaks the rule of `quorum.people`; the message says which part of it."""


class InvalidContentHash(PermanentError):
    """A content hash is not written as one."""


class InvalidAddress(PermanentError):
    """Something that should be an IP address is none."""


class InvalidRecord(PermanentError):
    """A line of recorded reports cannot be read; the message names line and field."""


class DecisionRefused(PermanentError):
    """A decision does not fit the image's state; the message says why."""


class AppealNeedsAnother(DecisionRefused):
    """An appeal is decided by another moderator than the one who decided before (`[appeals] another_moderator`)."""

    def __init__(self, moderator: str) -> None:
        super().__init__(
            f"{moderator} decided before, and there is an appeal against that: another moderator decides it now; where "
            "there is no other, set another_moderator = false under [appeals] in the policy"
        )


class NoOpenAppeal(DecisionRefused):
    """A decision about an appeal, where none is open."""

    def __init__(self) -> None:
        super().__init__("there is no open appeal against the block of this image")


class UnknownImage(PermanentError):
    """Nobody has reported the image, and nobody has decided about it."""

    def __init__(self) -> None:
        super().__init__("nobody has reported this image or decided about it; look at how it is written")


class NotBlocked(PermanentError):
    """An appeal, or the question why, about an image that is not blocked; `state` is the one that it is in."""

    def __init__(self, state: str) -> None:
        super().__init__(f"only what is blocked can be appealed against, and the image is {state}")
        self.state = state


class NoStatement(PermanentError):
    """The image is not blocked: there is nothing to give reasons for."""

    def __init__(self) -> None:
        super().__init__("the image is not blocked, so that there is no statement of reasons")


class AppealExists(PermanentError):
    """There was an appeal against this block already: one is heard against each."""

    def __init__(self) -> None:
        super().__init__("there was an appeal against this block already; one is heard against each")


class StateHasPassed(PermanentError):
    """A decision was made about a state that the image is not in any more; `state` and `tag` are the present ones."""

    def __init__(self, image_id: str, state: str, tag: str) -> None:
        super().__init__(f"the image is {state} by now: look at it again, then decide")
        self.image_id, self.state, self.tag = image_id, state, tag


class ClaimedByAnother(PermanentError):
    """Another moderator looks at an image just now: `name` until `until_ms`, Unix ms."""

    def __init__(self, image_id: str, name: str, until_ms: int) -> None:
        super().__init__(f"{name} looks at the image just now; take another, or wait until it is free")
        self.image_id, self.name, self.until_ms = image_id, name, until_ms


class MalformedEntry(PermanentError):
    """An inbox entry cannot be decoded."""


class SchemaMismatch(PermanentError):
    """The data in Redis was laid out for other settings or another release."""


class StoreUnavailable(TransientError):
    """Redis is down, hung, loading, read-only or out of memory."""


class StoreRefuses(PermanentError):
    """Redis answers with an error that no other try mends: there is no such database, a key is something else."""


class CredentialsRefused(StoreUnavailable):
    """Redis does not take the user or password; it may be that they are being changed on both sides."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Redis refuses the user or password, or asks for one: {what}")


class CommandDenied(StoreUnavailable):
    """Redis does not permit a command to this user; what needed it is not done, all else goes on."""

    def __init__(self, command: str) -> None:
        super().__init__(f"Redis does not permit {command} to this user: see deploy/redis/users.acl")
        self.command = command


class DataMissing(StoreUnavailable):
    """Redis answers and does not hold the data that it should: its volume is not mounted, or is lost."""

    def __init__(self) -> None:
        super().__init__("Redis holds no data of quorum: no service has started on it yet, or the data is lost")


class InboxFull(StoreUnavailable):
    """The inbox has reached its ceiling; reports must wait until the workers have caught up."""


class RateLimited(QuorumError):
    """Too many reports (or what else is counted) in this minute; nothing was stored."""

    def __init__(self, limit: str, quota: int, reset_seconds: int, counted: str = "reports") -> None:
        super().__init__(f"more than {quota} {counted} a minute from one {limit}; go on in {reset_seconds} s")
        self.counted = counted
        self.limit = limit
        self.quota = quota
        self.reset_seconds = reset_seconds


class CursorExpired(QuorumError):
    """A cursor is older than the events that are kept; start again from the blocklist."""

    def __init__(self, oldest: str) -> None:
        super().__init__(
            f"the cursor is older than the oldest kept event; read the blocklist, then go on after {oldest}"
        )
        self.oldest = oldest


class InvalidToken(PermanentError):
    """A reporter token cannot be accepted; the message says why."""


class UnknownCredential(InvalidToken):
    """What was sent is no token at all."""


class TokenExpired(InvalidToken):
    """A token is over; its site makes another."""


class TokenEarly(InvalidToken):
    """A token is not valid yet."""


class TokenTooLong(InvalidToken):
    """A token is valid for longer than the policy allows."""


class TokenForOthers(InvalidToken):
    """A token is for another audience."""


class UnknownApiKey(PermanentError):
    """There is no API key with this id."""


class InvalidAccount(PermanentError):
    """What should name an account or its owner elsewhere breaks a rule; the message says which part of it."""


class AccountExists(PermanentError):
    """There is an account of this name, or one that this person of a sign-in service has already."""


class UnknownAccount(PermanentError):
    """There is no account of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account {name!r}; see `quorum accounts list`")
        self.name = name


class LastAdmin(PermanentError):
    """Without this account nobody could manage the others."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the last admin that is not disabled: make somebody else an admin first")
        self.name = name


class WeakPassword(PermanentError):
    """A new password is one that others would try; the message says what to choose."""


class WrongPassword(PermanentError):
    """Somebody who changes their password did not know the present one."""

    def __init__(self) -> None:
        super().__init__("the present password is another one")


class SignInRefused(PermanentError):
    """Name and password do not open an account. It does not tell whether there is such an account."""

    def __init__(self) -> None:
        super().__init__("name or password is wrong, or the account is disabled")


class SignInThrottled(QuorumError):
    """Too many passwords were tried; nothing was looked at. Go on in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many passwords were tried; go on in {seconds} s")
        self.seconds = seconds


class InvalidSubscription(PermanentError):
    """A webhook cannot be made so; `field` names what to mend."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class SubscriptionExists(PermanentError):
    """The endpoint gets these events already; `first` is the id of the webhook that sends them."""

    def __init__(self, first: str, types: tuple[str, ...]) -> None:
        super().__init__(f"webhook {first} sends {', '.join(types)} to this URL already; remove that one first")
        self.first = first


class MalformedSubscription(PermanentError):
    """What is stored of a webhook cannot be read; remove it and add it again."""


class UnknownSubscription(PermanentError):
    """There is no webhook with this id."""


class UnwritableFile(PermanentError):
    """A file cannot be written; what was there before is still there."""

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path} cannot be written: {problem}; make room, give the right to write, or choose another")


class ErasuresUnreadable(PermanentError):
    """The list of who was erased cannot be read; without all of it somebody might come back."""


class BackupError(PermanentError):
    """A backup cannot be written or read back; the message says why."""


class InvalidCursor(PermanentError):
    """A cursor was not made by this feed."""
