"""One JSON object a line, or text for a terminal."""

import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from quorum.telemetry.logs import configure_logs

log = logging.getLogger("quorum.somewhere")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.raiseExceptions = True
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_a_line_is_a_json_object_with_time_level_service_and_extras(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker", "json", "info")
    log.warning("webhook %s called", "wh_1", extra={"status": 503, "trace_id": "ab"})
    log.debug("nobody hears this")
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "event": "webhook wh_1 called",
        "level": "warning",
        "logger": "quorum.somewhere",
        "service": "worker",
        "status": 503,
        "trace_id": "ab",
    }


def test_a_traceback_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker", "json", "info")
    try:
        int("é\nthis")
    except ValueError:
        log.exception("failed")
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)["exception"]
    assert told.endswith("in test_a_traceback_stays_on_its_line\nValueError")
    assert "this" not in told


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker", "text", "debug")
    log.debug("draining", extra={"partition": 3})
    text = capsys.readouterr().err
    assert "draining" in text
    assert "partition=3" in text
    assert not text.startswith("{")


def test_chatty_libraries_are_heard_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("worker", "json", "info")
    logging.getLogger("celery.worker.strategy").info("task received")
    logging.getLogger("celery.worker.consumer").warning("connection lost")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["connection lost"]
