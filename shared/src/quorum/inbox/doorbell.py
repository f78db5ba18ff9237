"""The doorbell: a Celery message that says only "look into the inbox of partition p".

It is a hint. A lost one costs no more than the workers' sweep interval, so ringing never delays, fails or retries a
request: a thread of its own does it.
"""

import logging
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from celery import Celery

from quorum.network.brokers import ON_REDIS, kombu_address
from quorum.settings import Settings

DRAIN_TASK = "quorum.drain"
QUEUE = "quorum"

log = logging.getLogger(__name__)

_SHARED: dict[str, Any] = {
    "task_default_queue": QUEUE,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "result_backend": None,
    "broker_connection_retry_on_startup": True,
    "broker_channel_error_retry": True,
    "broker_connection_max_retries": None,
    "broker_pool_acquire_timeout": 1,
}


def make_celery(settings: Settings, **role: Any) -> Celery:
    """Return the Celery application that both sides agree on; `role` adds one side's own settings."""
    address = kombu_address(settings.broker)
    app = Celery("quorum", broker=address.url, set_as_current=False)
    app.conf.update(_SHARED)
    app.conf.update(role)
    app.conf.broker_use_ssl = address.ssl
    app.conf.broker_transport_options = {**role.get("broker_transport_options", {}), **address.transport_options}
    return app


def bell_transport_options(settings: Settings) -> dict[str, Any]:
    """Return broker options under which publishing to a dead or hung broker gives up soon."""
    if settings.broker.kind not in ON_REDIS:
        return {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    return {
        "global_keyprefix": f"{settings.namespace}:broker:",
        "socket_timeout": 1.5,
        "socket_connect_timeout": 1,
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }


class Doorbell:
    """Rings for partitions from a background thread; a ring that fails is logged and left to the sweepers."""

    def __init__(self, settings: Settings) -> None:
        self._celery = make_celery(
            settings, broker_transport_options=bell_transport_options(settings), task_publish_retry=False
        )
        self._wanted: SimpleQueue[int] = SimpleQueue()
        self._thread = Thread(target=self._run, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self, partition: int) -> None:
        """Ask for a drain of `partition`; returns at once."""
        self._wanted.put(partition)

    def _run(self) -> None:
        while True:
            wanted = {self._wanted.get()}
            try:
                while True:
                    wanted.add(self._wanted.get_nowait())
            except Empty:
                pass
            for partition in wanted:
                self._publish(partition)

    def _publish(self, partition: int) -> None:
        try:
            self._celery.send_task(DRAIN_TASK, args=[partition], queue=QUEUE)
        except Exception as error:  # noqa: BLE001 - whatever the broker does, the sweepers will find the reports
            log.warning("doorbell not rung, sweepers will drain: %s", error)
