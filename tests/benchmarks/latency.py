"""From the 202 of the report that crosses the threshold to its event in a consumer's hands."""

import http.client
import json
import time
from collections.abc import Iterator
from queue import SimpleQueue
from statistics import median, quantiles
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from . import fill
from .baselines.tasks import ECHO, make_app
from .harness import SITE_KEY, Bar, Lab, Row, Scale, wait_until

REPORTERS_TO_BLOCK = 5  # of the default policy
_MS = 1000


def latency(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield p50 and p99 against a bare Celery round trip, measured in turn."""
    lab.clear()
    with (
        lab.serving("api", "quorum.cli.main", "api", "--port", "PORT") as url,
        lab.quorum_worker(2),
        lab.baseline_worker(2),
    ):
        crossings, echoes = _Crossings(lab, url), _Echoes(lab)
        pairs = [(crossings.next(), echoes.next()) for _ in range(scale.crossings + 5)][5:]
    ours, baseline = [a for a, _ in pairs], [b for _, b in pairs]
    ours_is = (
        f"{len(ours)} images, one at a time on an idle `quorum api` and `quorum worker`: from the 202 of the report "
        "that crosses the threshold to XREAD BLOCK, waiting on the event stream, having returned its event"
    )
    baseline_is = (
        "a bare Celery round trip, one after each crossing: from before `send_task` to BRPOP, waiting, having returned "
        "what the task LPUSHed; 2 worker processes on the same Redis"
    )
    for what, a, b, limit in (
        ("crossing to event, p50", median(ours), median(baseline), 1.5),
        ("crossing to event, p99", _p99(ours), _p99(baseline), 2.0),
    ):
        yield Row(what, a, b, a / b, "ms", ours_is, baseline_is, Bar(limit, "at most"))
    first, matching = ours[:50], baseline[:50]
    a, b = median(first), median(matching)
    yield Row("crossing to event, median of the first 50", a, b, a / b, "ms", ours_is, baseline_is)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]


class _Crossings:
    """Brings one image after another over the threshold and times the last step."""

    def __init__(self, lab: Lab, url: str) -> None:
        self._lab = lab
        parts = urlsplit(url)
        self._path = parts.path
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        self._client = lab.client()
        self._image = 0
        self._read: SimpleQueue[tuple[str, float]] = SimpleQueue()
        Thread(target=self._consume, args=(lab.client(),), daemon=True).start()

    def next(self) -> float:
        """Return the milliseconds of one crossing."""
        self._image += 1
        for reader in range(REPORTERS_TO_BLOCK - 1):
            self._report(reader)
        wait_until(lambda: not self._client.exists(self._lab.keys.bell), "silence")
        accepted = self._report(REPORTERS_TO_BLOCK)
        subject, read = self._read.get(timeout=10)
        if subject != fill.image_id(self._image):
            raise RuntimeError(f"the event tells of {subject}, not of image {self._image}")
        return max(0.0, read - accepted) * _MS

    def _report(self, reader: int) -> float:
        body = {"image_id": fill.image_id(self._image), "reason": "violence", "reporter_id": f"reader-{reader}"}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SITE_KEY}"}
        self._connection.request("POST", self._path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        answer.read()
        answered = time.perf_counter()
        if answer.status != http.client.ACCEPTED:
            raise RuntimeError(f"a report got {answer.status}")
        return answered

    def _consume(self, client: Redis) -> None:
        cursor = b"0-0"
        stream = self._lab.keys.events
        while True:
            try:
                answer: Any = client.xread({stream: cursor}, block=5000)
            except RedisError:
                return  # the lab is closed
            read = time.perf_counter()
            for entry, fields in answer[0][1] if answer else ():
                cursor = entry
                self._read.put((json.loads(fields[b"event"])["subject"], read))


class _Echoes:
    """Times one Celery task after another, from sending to having its answer."""

    def __init__(self, lab: Lab) -> None:
        self._app = make_app(lab.url(1))
        self._client = lab.client(1)

    def next(self) -> float:
        """Return the milliseconds of one round trip."""
        start = time.perf_counter()
        self._app.send_task(ECHO, args=["echo"], queue="baseline")
        if not self._client.brpop(["echo"], timeout=10):
            raise RuntimeError("no answer from the baseline worker")
        return (time.perf_counter() - start) * _MS
