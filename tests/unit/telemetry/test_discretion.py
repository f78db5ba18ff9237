"""A log line shows nothing that came from outside, wherever it was put and whoever wrote the line."""

import errno
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import SettingsError
from quorum.telemetry.discretion import described, discreet, traced
from quorum.telemetry.logs import configure_logs

PRIVATE = (
    "jeanne-dupont-1972",
    "203.0.113.77",
    "2001:db8:77::1",
    "::ffff:203.0.113.78",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqZWFubmUifQ.c2lnbmF0dXJl",
    "qk_test.a-site-key-for-tests-only",
    "redis://default:a-password-of-redis@redis:6379/0",
)
secrets = pytest.mark.parametrize("secret", PRIVATE)


@pytest.fixture(params=["json", "text"])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What was logged since, of loggers of ours and of others."""
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure_logs("test", request.param, "debug")
    yield written.getvalue
    logging.root.handlers, logging.raiseExceptions = handlers, True
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def errors(secret: str) -> Iterator[BaseException]:
    """Yield errors that hold a text in every place where an error may hold one."""
    noted = ValueError("noted")
    noted.add_note(secret)
    caused = RuntimeError(secret)
    caused.__cause__ = KeyError(secret)
    within = LookupError("within")
    within.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, secret)
    named = type(secret.replace("-", ""), (Exception,), {}) if secret.isidentifier() else Exception
    yield from (
        ValueError(secret),
        KeyError(secret),
        OSError(secret),
        OSError(errno.ENOENT, secret, secret),
        OSError(99_999, secret),
        UnicodeDecodeError("utf-8", secret.encode(), 0, 1, secret),
        SyntaxError(secret, ("file", 1, 1, secret)),
        ExceptionGroup(secret, [ValueError(secret), ExceptionGroup(secret, [TypeError(secret)])]),
        noted,
        caused,
        within,
        named(secret),
    )


@secrets
def test_no_error_tells_its_text(secret: str, logged: Callable[[], str]) -> None:
    for name in ("quorum.somewhere", "redis", "celery.app.trace", "asyncio", "_granian"):
        log = logging.getLogger(name)
        for error in errors(secret):
            log.error("failed", exc_info=error)
            log.error("failed: %s", error)
            log.error("failed: %r, %s", error, 7)
            log.error("failed: %(error)s", {"error": error})
            log.error(error)
            log.error("failed", extra={"error": error, "inside": {"a": [error, (error,)]}})
    assert secret not in logged()
    assert "ConnectionRefusedError (Connection refused)" in logged()


@secrets
def test_no_line_of_a_library_tells_its_values(secret: str, logged: Callable[[], str]) -> None:
    log = logging.getLogger("celery.worker.consumer")
    log.critical("consumer: Cannot connect to %s: %s.\n%s", secret, [secret], {"a": secret})
    log.critical("task %(name)s%(missing)s", {"name": secret})
    log.critical("%d tasks", secret)
    log.critical("told", extra={"data": {"args": secret}})
    whole = f"first line\nfuture: <Task exception={secret}>"
    log.critical(whole)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"careful: {secret}", RuntimeWarning, stacklevel=1)
    assert secret not in logged()
    assert "consumer: Cannot connect to <str>: <list>." in logged()
    assert "first line" in logged()
    assert "RuntimeWarning" in logged()


@pytest.mark.parametrize("secret", PRIVATE[1:])
def test_no_words_of_a_library_hold_addresses_or_tokens(secret: str, logged: Callable[[], str]) -> None:
    for words in (f"peer {secret} left", f"({secret})", f"{secret}:51008 failed", f'"{secret}"', secret):
        logging.getLogger("_granian").critical(words)
    password = secret.partition("@")[0].rpartition(":")[2] if "@" in secret else secret
    assert password not in logged()
    assert "left" in logged()


@secrets
def test_what_nobody_catches_is_logged_in_the_same_way(secret: str, logged: Callable[[], str]) -> None:
    def broken() -> None:
        raise ValueError(secret)

    thread = threading.Thread(target=broken, name=secret)
    thread.start()
    thread.join()
    for error in errors(secret):
        sys.excepthook(type(error), error, error.__traceback__)

    class Unraisable:
        exc_value = ValueError(secret)
        err_msg = secret
        object = secret

    sys.unraisablehook(Unraisable())  # type: ignore[arg-type]
    assert secret not in logged()
    assert "a thread ends" in logged()
    assert "the process ends" in logged()


def test_our_own_lines_keep_what_they_say(logged: Callable[[], str]) -> None:
    log = logging.getLogger("report_api.somewhere")
    log.warning("webhook %s in %d ms of %s", "wh_1", 7, Path("/etc"), extra={"status": 503, "took": 0.5})
    assert "webhook wh_1 in 7 ms of /etc" in logged()
    assert "503" in logged()


def test_where_an_error_was_raised_is_told_for_each_of_its_causes() -> None:
    def first() -> None:
        raise FileNotFoundError(errno.ENOENT, "text")

    def second() -> None:
        try:
            first()
        except OSError as error:
            raise ValueError("text") from error

    with pytest.raises(ValueError, match="text") as caught:
        second()
    told = traced(caught.value)
    assert told.index("in first") < told.index("FileNotFoundError (No such file or directory)")
    assert told.index("and then") < told.rindex("in second") < told.index("ValueError")
    assert __file__ in told


def test_what_is_wrong_with_settings_is_told_for_it_names_the_fix() -> None:
    assert described(SettingsError("QUORUM_PEPPER is missing")) == "SettingsError: QUORUM_PEPPER is missing"


VALUES = st.recursive(
    st.text(max_size=5) | st.integers() | st.binary(max_size=5) | st.none() | st.builds(ValueError),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["quorum", "celery", "py.warnings"]), st.text(max_size=30), st.lists(VALUES, max_size=3), VALUES)
def test_any_line_can_be_written(name: str, words: str, args: list[Any], more: Any) -> None:
    record = logging.LogRecord(name, logging.ERROR, "", 1, words, tuple(args), None)
    record.more = more
    told = discreet(record)
    assert isinstance(told.getMessage(), str)
    json.dumps(getattr(told, "more", None))
