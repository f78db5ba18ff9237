"""Whether a credential may read: asked once for all who come with it at the same moment, and believed for a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

BELIEVED_SECONDS = 1.0  # after a restart thousands come at once, mostly with the same few keys
REMEMBERED = 1024

Check = Callable[[str | None], None]
Run = Callable[[Callable[[], Any]], Awaitable[Any]]


class Checks:
    """`check` raises Refused for a credential that may not read; `run` runs what blocks in a thread."""

    def __init__(self, check: Check, run: Run) -> None:
        self._check = check
        self._run = run
        self._good: dict[str | None, float] = {}  # until when
        self._under_way: dict[str | None, asyncio.Task[None]] = {}

    async def check(self, credential: str | None) -> None:
        """Return when the credential may read. Raises Refused, StoreUnavailable."""
        if self._good.get(credential, 0.0) > monotonic():
            return
        task = self._under_way.get(credential)
        if task is None:
            task = self._under_way[credential] = asyncio.create_task(self._ask(credential))
            task.add_done_callback(partial(self._ended, credential))
        await asyncio.shield(task)

    async def _ask(self, credential: str | None) -> None:
        began = monotonic()
        await self._run(partial(self._check, credential))
        if len(self._good) >= REMEMBERED:
            self._good.clear()
        self._good[credential] = began + BELIEVED_SECONDS

    def _ended(self, credential: str | None, task: "asyncio.Task[None]") -> None:
        del self._under_way[credential]
        if not task.cancelled():
            task.exception()  # is known to whoever still waits
