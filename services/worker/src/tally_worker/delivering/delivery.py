"""Delivers events to webhooks: one thread in every worker, with an event loop in which each delivery is a task.

A task that waits for a slow endpoint costs nothing, so no endpoint waits for another. Calls to Redis are made in a few
threads beside, so that a Redis that hangs delays no deadline. An endpoint has a few deliveries under way at most, and
one that fails a single one.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from quorum.errors import StoreUnavailable, UnknownSubscription
from quorum.events.watch import Watch
from quorum.webhooks.deliveries import Claim, Webhooks
from quorum.webhooks.subscription import LEASE_MS, STORE_SECONDS, Subscription
from tally_worker.delivering.attempts import Attempts
from tally_worker.lasting import Lasting
from tally_worker.observe import PartMetrics

CALLS = 500  # under way at once: each holds a connection, and a process has about a thousand descriptors
PER_ENDPOINT = 4
STORE_THREADS = 16
PAUSE_SECONDS = 0.25  # between two looks when nothing is heard
REST_SECONDS = 30.0  # for a webhook whose data cannot be used
GRACE_SECONDS = 3.0  # for deliveries under way when the worker stops

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Deliverer:
    """Runs until it is stopped."""

    def __init__(self, webhooks: Webhooks, watch: Watch, attempts: Attempts, metrics: PartMetrics) -> None:
        self._webhooks = webhooks
        self._watch = watch
        self._attempts = attempts
        self._busy: Counter[str] = Counter()  # deliveries under way, by webhook
        self._under_way: set[asyncio.Task[None]] = set()
        self._resting: dict[str, float] = {}  # webhooks that had an error of their own, until when
        self._thread = Lasting("deliverer", lambda: asyncio.run(self._go_on()), metrics)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more; those under way get a moment. What is cut off is tried again by whoever comes next."""
        self._thread.stop(GRACE_SECONDS + 1)

    async def look(self) -> bool:
        """Queue what is new and begin what is due; tell whether there may be more at once. Raises StoreUnavailable."""
        more = False
        for subscription in await _aside(self._webhooks.all):
            if subscription.disabled_ms is not None or self._rests(subscription.id):
                continue
            try:
                more |= await self._look_at(subscription)
            except StoreUnavailable:
                raise
            except Exception:  # whatever is wrong with this one, the others do not wait for it
                log.exception("webhook %s rests for %d s", subscription.id, REST_SECONDS)
                self._resting[subscription.id] = time.monotonic() + REST_SECONDS
        return more

    def _rests(self, webhook: str) -> bool:
        until = self._resting.get(webhook)
        if until is not None and time.monotonic() >= until:
            del self._resting[webhook]
        return webhook in self._resting

    async def _look_at(self, subscription: Subscription) -> bool:
        now = await _aside(self._webhooks.now_ms)
        new = await _aside(self._webhooks.enqueue, subscription, now)
        failing = await _aside(self._webhooks.failing_since, subscription.id)
        room = min((1 if failing else PER_ENDPOINT) - self._busy[subscription.id], self._room(failing=bool(failing)))
        if room <= 0:
            return bool(new)
        asked = time.monotonic()
        for claim in await _aside(self._webhooks.claim, subscription, now, LEASE_MS, room):
            self._begin(subscription, claim, asked)
        return bool(new)

    def _room(self, *, failing: bool) -> int:
        """Return how many deliveries may begin; those that fail leave half of the room to the others."""
        return (CALLS // 2 if failing else CALLS) - len(self._under_way)

    def _begin(self, subscription: Subscription, claim: Claim, asked: float) -> None:
        self._busy[subscription.id] += 1
        task = asyncio.create_task(self._deliver(subscription, claim, asked))
        self._under_way.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            self._busy[subscription.id] -= 1

        task.add_done_callback(ended)

    async def _deliver(self, subscription: Subscription, claim: Claim, asked: float) -> None:
        """Deliver, and then whatever else is due at this endpoint, for as long as it answers well."""
        try:
            while time.monotonic() - asked < STORE_SECONDS:  # else the lease may end before the attempt
                answer = await self._attempts.make(subscription, claim)
                if not await _aside(self._attempts.settle, subscription, claim, answer):
                    break
                subscription = await _aside(self._webhooks.get, subscription.id)
                if subscription.disabled_ms is not None or self._thread.stopping.is_set():
                    break
                asked = time.monotonic()
                due = await _aside(self._claim_one, subscription)
                if not due:
                    break
                claim = due[0]
        except UnknownSubscription:
            log.info("webhook %s was removed", subscription.id)
        except StoreUnavailable as error:
            log.warning("delivery not settled, it will be tried again: %s", error)
        except Exception:
            log.exception("delivery of webhook %s not settled, it will be tried again", subscription.id)

    def _claim_one(self, subscription: Subscription) -> list[Claim]:
        return self._webhooks.claim(subscription, self._webhooks.now_ms(), LEASE_MS, 1)

    async def _go_on(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(STORE_THREADS, "webhooks"))
        try:
            while not self._thread.stopping.is_set():
                self._thread.turn()
                generation = await _aside(self._watch.generation)
                if not await self._looked():
                    await _aside(self._watch.wait, generation, PAUSE_SECONDS)
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)

    async def _looked(self) -> bool:
        try:
            return await self.look()
        except StoreUnavailable as error:
            log.warning("webhooks wait for Redis: %s", error)
        except Exception:
            log.exception("looking for deliveries failed, the next look tries again")
        return False


async def _aside(call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call what waits for Redis, in a thread beside."""
    return await asyncio.to_thread(call, *args, **options)
