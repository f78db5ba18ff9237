"""From the 202 of the report that crosses the threshold to its event in a consumer's hands, by every channel."""

import http.client
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

from . import fill
from .baselines.tasks import ECHO, make_app
from .channels import Channel, broker, of_bus, of_sse, of_stream, of_webhook
from .harness import SITE_KEY, Bar, Lab, Row, Scale, wait_until

_BASELINE = (
    "a bare Celery round trip, one after each crossing: from before `send_task` to BRPOP, waiting, having returned "
    "what the task LPUSHed; 2 worker processes on the same Redis"
)
REPORTERS_TO_BLOCK = 5  # of the default policy
_MS = 1000


def latency(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield p50 and p99 of every channel against a bare Celery round trip, measured in turn."""
    lab.clear()
    with (
        tempfile.TemporaryDirectory() as directory,
        broker(Path(directory)) as bus_url,
        lab.serving("api", "quorum.cli.main", "api", "--port", "PORT") as url,
        lab.serving("stream", "quorum.cli.main", "stream", "--port", "PORT") as stream_url,
        lab.quorum_worker(2, QUORUM_BUS_URL=bus_url, QUORUM_WEBHOOK_NETWORKS="127.0.0.0/8"),
        lab.baseline_worker(2),
    ):
        channels = [
            ("event stream", of_stream(lab), "XREAD BLOCK on the event stream has returned its event", (1.5, 2.0)),
            ("HTTP stream", of_sse(stream_url), "a client of `quorum stream` has read its event", None),
            ("webhook", of_webhook(lab), "a webhook's endpoint has been called with its event", None),
            ("message bus", of_bus(bus_url), "a RabbitMQ consumer has been given its event", None),
        ]
        crossings, echoes = _Crossings(lab, url), _Echoes(lab)
        rounds = [
            (crossings.next([channel for _, channel, _, _ in channels]), echoes.next())
            for _ in range(scale.crossings + 5)
        ][5:]
    baseline = [echo for _, echo in rounds]
    for place, (name, _, until, bars) in enumerate(channels):
        ours = [times[place] for times, _ in rounds]
        ours_is = (
            f"{len(ours)} images, one at a time on an idle `quorum api` and `quorum worker`: from the 202 of the "
            f"report that crosses the threshold until {until}; all channels are open at once"
        )
        for what, a, b, limit in (
            (f"crossing to {name}, p50", median(ours), median(baseline), bars and bars[0]),
            (f"crossing to {name}, p99", _p99(ours), _p99(baseline), bars and bars[1]),
        ):
            yield Row(what, a, b, a / b, "ms", ours_is, _BASELINE, Bar(limit, "at most") if limit else None)


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

    def next(self, channels: list[Channel]) -> list[float]:
        """Return the milliseconds of one crossing to each of the channels."""
        self._image += 1
        for reader in range(REPORTERS_TO_BLOCK - 1):
            self._report(reader)
        wait_until(lambda: not self._client.exists(self._lab.keys.bell), "silence")
        accepted = self._report(REPORTERS_TO_BLOCK)
        times = []
        for channel in channels:
            subject, read = channel.get(timeout=20)
            if subject != fill.image_id(self._image):
                raise RuntimeError(f"the event tells of {subject}, not of image {self._image}")
            times.append(max(0.0, read - accepted) * _MS)
        return times

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
