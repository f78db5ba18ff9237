"""Puts the worker together: the Celery application, its one task, and the sweeper of the main process."""

import os
import secrets
import socket
import warnings
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.bootsteps import StartStopStep
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_init, worker_process_init
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from quorum.events.bus import BusPlace
from quorum.events.feed import Feed
from quorum.events.watch import Watch
from quorum.host.lifeline import end_with_parent
from quorum.inbox.doorbell import DRAIN_TASK, QUEUE, make_celery
from quorum.moderation.appeals.upkeep import AppealsUpkeep
from quorum.moderation.shields import Shields
from quorum.network.brokers import ON_REDIS, kombu_address
from quorum.policy.file import PolicyFile
from quorum.retention.expiry import Retention
from quorum.settings import Settings
from quorum.start.checks import check_store
from quorum.start.permissions import WORKER
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.store.keys import keys_of
from quorum.tally.drain import PartitionTally
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from quorum.telemetry.policy_metrics import PolicyCollector
from quorum.telemetry.tracing import Tracing, make_tracing
from quorum.webhooks.deliveries import Webhooks
from tally_worker.delivering.attempts import Attempts
from tally_worker.delivering.bus import Bus
from tally_worker.delivering.delivery import Deliverer
from tally_worker.delivering.outbound import Caller
from tally_worker.ending import end_without_delay
from tally_worker.observe import DeliveryMetrics, PartMetrics, SweepMetrics, counting_requests, serve
from tally_worker.tallying.acknowledgement import free_window_before_acknowledging
from tally_worker.tallying.drain import drain_until_silent
from tally_worker.tallying.sweeper import Sweeper


def transport_options(settings: Settings) -> dict[str, Any]:
    """Return the broker options under which a worker survives a broker that hangs, restarts or is full."""
    if settings.broker.kind not in ON_REDIS:
        return {}
    return {
        "global_keyprefix": f"{settings.namespace}:broker:",
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


def open_tallies(settings: Settings) -> list[PartitionTally]:
    """Return the tallies of all partitions on a connection of their own."""
    client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
    return [
        PartitionTally(client, keys_of(settings.namespace, number), settings.partitions, settings.journal_reports)
        for number in range(settings.partitions)
    ]


class _PerProcess:
    """Opens connections in the process that uses them, not in the one it was forked from."""

    def __init__(self, make: Callable[[], list[PartitionTally]]) -> None:
        self._make = make
        self._made: tuple[int, list[PartitionTally]] | None = None

    def get(self) -> list[PartitionTally]:
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), self._make())
        return self._made[1]


def make_worker(settings: Settings) -> Celery:
    """Return the Celery application with its drain task. The policy is read here, so a bad one stops the start."""
    policies = PolicyFile(settings.policy_path)
    app = make_celery(
        settings,
        broker_transport_options=transport_options(settings),
        task_acks_late=True,
        task_retry_on_worker_lost=True,
        task_time_limit=30,
        task_soft_time_limit=20,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=10,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
    )
    tallies = _PerProcess(lambda: open_tallies(settings))

    @app.task(name=DRAIN_TASK, max_retries=3)
    def drain(partition: int) -> None:
        """Empty the inbox of a partition; when the turn ends before that, ask for another."""
        if not drain_until_silent(tallies.get()[partition], policies):
            drain.apply_async(args=(partition,), queue=QUEUE)

    return app


def process_name() -> str:
    """Return a name that no other process has or had: in containers host names and process ids come again."""
    return f"{socket.gethostname()}:{secrets.token_hex(8)}:{os.getpid()}"


def make_sweeper(
    settings: Settings, policies: PolicyFile, registry: CollectorRegistry, worker: str, parts: PartMetrics
) -> Sweeper:
    """Return a sweeper with connections of its own."""
    store = connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions
    return Sweeper(
        open_tallies(settings),
        Retention(*store, backup_days=settings.backup_days, event_seconds=settings.event_retention_seconds),
        Health(*store),
        Shields(*store),
        History(*store),
        appeals=AppealsUpkeep(*store),
        policies=policies,
        worker=worker,
        interval_seconds=settings.sweep_seconds,
        metrics=SweepMetrics(registry),
        parts=parts,
    )


def make_deliverer(
    settings: Settings, metrics: DeliveryMetrics, parts: PartMetrics, tracing: Tracing | None = None
) -> Deliverer:
    """Return what delivers events to webhooks, with connections of its own."""
    namespace, partitions = settings.namespace, settings.partitions
    webhooks = Webhooks(connect(settings.store, WORKER_TIMEOUT_SECONDS), namespace, partitions)
    watch = Watch(connect(settings.store, WORKER_TIMEOUT_SECONDS), namespace, partitions)
    attempts = Attempts(webhooks, Caller(settings.webhook_networks, proxy=settings.webhook_proxy), metrics, tracing)
    return Deliverer(webhooks, watch, attempts, parts)


def make_bus(
    settings: Settings, metrics: DeliveryMetrics, worker: str, parts: PartMetrics, tracing: Tracing | None = None
) -> Bus | None:
    """Return what publishes events to the message bus, when there is one."""
    if settings.bus is None:
        return None
    client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
    watching = connect(settings.store, WORKER_TIMEOUT_SECONDS)
    namespace, partitions = settings.namespace, settings.partitions
    return Bus(
        kombu_address(settings.bus),
        settings.bus_exchange,
        feed=Feed(client, namespace, partitions),
        watch=Watch(watching, namespace, partitions),
        place=BusPlace(client, namespace, partitions),
        worker=worker,
        metrics=metrics,
        parts=parts,
        tracing=tracing,
    )


def _leave_logging_alone(**_: Any) -> None:
    """Keep Celery from setting logging up its own way: that it has a receiver is enough."""


def _tie_children_to(parent: int) -> None:
    """Let the processes of the pool end at once with the main one, however that dies."""

    def tie(**_: Any) -> None:
        end_with_parent(parent)

    worker_process_init.connect(tie, weak=False)


def sweeping_step(
    settings: Settings, registry: CollectorRegistry, metrics_address: str, metrics_port: int
) -> type[StartStopStep]:
    """Return the part of a Celery worker that sweeps and delivers: it starts once the pool has forked."""

    class Sweeping(StartStopStep):
        requires = ("celery.worker.components:Pool",)

        def __init__(self, worker: Any, **options: Any) -> None:
            super().__init__(worker, **options)
            self.parts: list[Sweeper | Deliverer | Bus] = []

        def start(self, _worker: Any) -> None:
            worker, parts = process_name(), PartMetrics(registry)
            metrics, tracing = DeliveryMetrics(registry), make_tracing("quorum-worker")
            policies = PolicyFile(settings.policy_path)
            registry.register(PolicyCollector(policies))
            bus = make_bus(settings, metrics, worker, parts, tracing)
            self.parts = [
                make_sweeper(settings, policies, registry, worker, parts),
                make_deliverer(settings, metrics, parts, tracing),
                *([bus] if bus else []),
            ]
            if metrics_port:
                serve(registry, metrics_address, metrics_port)
            for part in self.parts:
                part.start()

        def stop(self, _worker: Any) -> None:
            for part in reversed(self.parts):
                part.stop()
            self.parts = []

        def terminate(self, worker: Any) -> None:
            self.stop(worker)  # a worker that was told to end by a signal comes here

    return Sweeping


def run_worker(settings: Settings, *, concurrency: int, metrics_address: str, metrics_port: int) -> None:
    """Run a worker until it is told to stop. Raises QuorumError when it cannot start, SystemExit when it broke off."""
    check_store(settings, WORKER)
    # Celery warns root of pickle in messages; quorum accepts JSON only, and its images do not run as root.
    warnings.simplefilter("ignore", SecurityWarning)
    free_window_before_acknowledging()
    setup_logging.connect(_leave_logging_alone)
    _tie_children_to(os.getpid())
    end_without_delay()
    app = make_worker(settings)
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    app.tasks[DRAIN_TASK].Request = counting_requests(registry)  # type: ignore[assignment] # Celery takes a class as well
    app.steps["worker"].add(sweeping_step(settings, registry, metrics_address, metrics_port))
    workers: list[Any] = []
    worker_init.connect(lambda sender, **_: workers.append(sender), weak=False)
    untyped: Any = app  # its types say that this never returns
    untyped.worker_main(
        [
            "--quiet",  # no banner
            "worker",
            f"--concurrency={concurrency}",
            f"--queues={QUEUE}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )
    if any(worker.exitcode for worker in workers):  # Celery has logged why, and would end as if all were well
        raise SystemExit(1)
