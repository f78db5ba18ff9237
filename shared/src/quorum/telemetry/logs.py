"""One log format for every service: a JSON object a line on standard error, or text for a person's terminal.

Fields: `time` (UTC), `level`, `service`, `logger`, `event` (the words), whatever the line brings (`request_id`,
`trace_id`, ...) and `exception`. Nobody's name, address or token is logged, nor the image of a report: see
`quorum.telemetry.discretion`, through which every line goes.
"""

import logging
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from quorum.telemetry.discretion import discreet, traced

QUIET = ("celery", "kombu", "amqp", "urllib3")  # what they tell below a warning is said better by metrics

log = logging.getLogger(__name__)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders what a line may show, whichever logger it comes from."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(discreet(record))


def configure_logs(service: str, log_format: str, level: str, more: Sequence[Processor] = ()) -> None:
    """Send all logging of this process through structlog; `more` add fields that the service knows."""

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        name_service,
        *more,
        _trace,
    ]
    render: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, timestamp_key="time")
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=common, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # it would print the values of a line that cannot be written
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
    _log_what_nobody_catches()


def _trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put where an error was raised in place of the error."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = traced(error)
    return event


def _log_what_nobody_catches() -> None:
    """Write an error that ends a process or a thread, or that cannot be raised, into the log like any other."""

    def ended(kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("the process ends", exc_info=error)

    def thread_ended(told: threading.ExceptHookArgs) -> None:
        if not issubclass(told.exc_type, SystemExit):
            log.critical("a thread ends", exc_info=told.exc_value)

    def unraisable(told: Any) -> None:
        log.error("an error could not be raised", exc_info=told.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, thread_ended, unraisable
