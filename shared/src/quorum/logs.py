"""One log format for every service: a JSON object a line on standard error, or text for a person's terminal.

Fields: `time` (UTC), `level`, `service`, `logger`, `event` (the words), whatever the line brings (`request_id`,
`trace_id`, ...) and `exception`. Nobody's name, address or token is logged, nor the image of a report.
"""

import logging
import sys
from collections.abc import Sequence

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET = ("celery", "kombu", "amqp", "urllib3")  # what they tell below a warning is said better by metrics


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
        structlog.processors.format_exc_info,
    ]
    render: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, timestamp_key="time")
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
