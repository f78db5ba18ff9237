"""What somebody did by hand to accounts, keys, webhooks, shields, reporters: a log line, and one in the list."""

import logging
from enum import StrEnum

from flask import g

from console.web.services import services
from console.words.translating import later
from quorum.errors import QuorumError

log = logging.getLogger(__name__)


class Did(StrEnum):
    """What can be done; the list keeps these words, and each has its text in NAMES."""

    KEY_CREATED = "key created"
    KEY_REVOKED = "key revoked"
    WEBHOOK_ADDED = "webhook added"
    WEBHOOK_DELETED = "webhook deleted"
    WEBHOOK_ENABLED = "webhook enabled"
    WEBHOOK_SECRET = "webhook secret replaced"  # noqa: S105 - what was done
    WEBHOOK_TESTED = "webhook tested"
    WEBHOOK_REPLAYED = "webhook events sent again"
    WEBHOOK_RESENT = "webhook dead events sent again"
    REPORTER_MUTED = "reporter muted"
    REPORTER_UNMUTED = "reporter unmuted"
    SHIELDS_RAISED = "shields raised"
    SHIELDS_LOWERED = "shields lowered"
    ACCOUNT_ADDED = "account added"
    ACCOUNT_RESET = "account password reset"
    ACCOUNT_DISABLED = "account disabled"
    ACCOUNT_ENABLED = "account enabled"
    ACCOUNT_ROLE = "account role changed"
    SESSIONS_CLOSED = "account sessions closed"
    AUDIT_EXPORTED = "decisions exported"


NAMES = {
    Did.KEY_CREATED: later("created an API key"),
    Did.KEY_REVOKED: later("revoked an API key"),
    Did.WEBHOOK_ADDED: later("added a webhook"),
    Did.WEBHOOK_DELETED: later("deleted a webhook"),
    Did.WEBHOOK_ENABLED: later("enabled a webhook"),
    Did.WEBHOOK_SECRET: later("replaced the secret of a webhook"),
    Did.WEBHOOK_TESTED: later("tested a webhook"),
    Did.WEBHOOK_REPLAYED: later("sent past events to a webhook again"),
    Did.WEBHOOK_RESENT: later("sent undelivered events to a webhook again"),
    Did.REPORTER_MUTED: later("muted a reporter"),
    Did.REPORTER_UNMUTED: later("ended the mute or warning of a reporter"),
    Did.SHIELDS_RAISED: later("raised the shields"),
    Did.SHIELDS_LOWERED: later("lowered the shields"),
    Did.ACCOUNT_ADDED: later("added an account"),
    Did.ACCOUNT_RESET: later("reset the password of an account"),
    Did.ACCOUNT_DISABLED: later("disabled an account"),
    Did.ACCOUNT_ENABLED: later("enabled an account"),
    Did.ACCOUNT_ROLE: later("changed the role of an account"),
    Did.SESSIONS_CLOSED: later("ended sessions of an account"),
    Did.AUDIT_EXPORTED: later("exported decisions"),
}


def note_deed(what: Did, about: str, detail: str = "") -> None:
    """Say that the person who is signed in did something, once it is done.

    The log always has it. What cannot be kept in the list as well stops nobody: the deed is done.
    """
    who = g.account.name
    log.info("%s", what, extra={"account": who, "about": about, "detail": detail})
    try:
        services().deeds.note(who, what, about, detail)
    except QuorumError as error:
        log.warning("the list of deeds lacks the one before", exc_info=error)
