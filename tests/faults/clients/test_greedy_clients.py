"""Nobody outside can stop the API: not by being slow, greedy or silent, and not by odd requests."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import SITE_KEY, environment, make_settings, running
from greedy import SLOW_BODY, Greedy, greedy_crowd, percentile
from pipeline import HEADERS, read_books
from processes import of_family
from redis_server import RedisServer, free_port, wait_until

from quorum.settings import Settings

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(180)]

OF_EACH = 200
POOL_THREADS = 24  # of each process, started when they are first needed
DEADLINE = 4  # seconds, in place of 10
ALIVE_SECONDS = 0.1
ANOTHER = "127.0.0.2"  # another client's address


class Api:
    """A running `quorum api`."""

    def __init__(self, process: psutil.Popen, port: int, settings: Settings) -> None:
        self.process = process
        self.port = port
        self.settings = settings

    def ask(self, method: str, path: str, body: str | None = None, address: str = ANOTHER) -> tuple[int, float]:
        """Return the status of an answer, and the seconds that it took, connecting included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=(address, 0))
        start = time.perf_counter()
        try:
            connection.request(method, path, body, HEADERS)
            response = connection.getresponse()
            response.read()
            return response.status, time.perf_counter() - start
        finally:
            connection.close()

    def report(self, number: int) -> float:
        """Report as another client; return the seconds until the 202."""
        body = {"image_id": f"img-{number}", "reporter_id": f"reader-{number}", "reason": "violence"}
        status, seconds = self.ask("POST", "/v1/reports", json.dumps(body))
        assert status == 202
        return seconds

    def burden(self) -> tuple[int, int]:
        """Return the threads and the descriptors of its processes."""
        counts = of_family(self.process, lambda one: (one.num_threads(), one.num_fds()))
        return sum(threads for threads, _ in counts), sum(descriptors for _, descriptors in counts)

    def connections(self, address: str) -> int:
        """Return how many connections of an address its processes hold."""
        held = [each for one in of_family(self.process, lambda one: one.net_connections()) for each in one]
        return sum(bool(one.raddr) and one.raddr.ip == address and one.laddr.port == self.port for one in held)

    def busy_share(self, seconds: float) -> float:
        """Return how much of a processor its processes use for a while."""
        before = self._busy_seconds()
        time.sleep(seconds)  # what is measured is the time in which nobody asks for anything
        return (self._busy_seconds() - before) / seconds

    def _busy_seconds(self) -> float:
        return sum(of_family(self.process, lambda one: sum(one.cpu_times()[:2])))


@pytest.fixture
def api(own_redis: RedisServer, tmp_path: Path) -> Iterator[Api]:
    settings = make_settings(own_redis.url)
    env = environment(settings, QUORUM_REQUEST_SECONDS=str(DEADLINE))
    port = free_port()
    with running(["api", "--port", str(port)], env, tmp_path / "api.log") as process:
        made = Api(process, port, settings)
        wait_until(lambda: _alive(made), 20, "the API")
        yield made


def _alive(api: Api) -> bool:
    try:
        return api.ask("GET", "/readyz")[0] == 200
    except OSError:
        return False


@pytest.mark.trouble("a thousand slow, silent or greedy connections", "nobody else waits; each is cut at its deadline")
def test_a_thousand_greedy_connections_of_one_address_delay_nobody_else_and_are_cut_at_their_deadline(
    api: Api,
) -> None:
    quiet = [api.report(number) for number in range(200)]
    threads, descriptors = api.burden()
    with greedy_crowd(api.port, OF_EACH) as crowd:
        began, alive, busy, number = time.monotonic(), [], [], 1000
        while time.monotonic() - began < DEADLINE - 1:
            status, seconds = api.ask("GET", "/livez")
            assert status == 200
            alive.append(seconds)
            busy.append(api.report(number))
            number += 1
        members = [(kind, one) for kind, some in crowd.items() for one in some]
        wait_until(lambda: all(one.is_over() for _, one in members), DEADLINE + 12, "the end of every greedy client")
        wait_until(lambda: not api.connections("127.0.0.1"), DEADLINE + 4, "the end of the silent ones")
        heard = {kind: sorted({one.status for one in some if one.reads}) for kind, some in crowd.items()}
    print(
        f"\n{5 * OF_EACH} greedy connections; 202 in ms, p50 and p99: "
        f"{percentile(quiet, 0.5):.1f} {percentile(quiet, 0.99):.1f} without, "
        f"{percentile(busy, 0.5):.1f} {percentile(busy, 0.99):.1f} with; "
        f"/livez {percentile(alive, 0.5):.1f} {percentile(alive, 0.99):.1f}; answers {heard}"
    )
    assert percentile(alive, 0.5) < 1000 * ALIVE_SECONDS  # the others depend on what else the machine does
    assert {*heard["slow bodies"], *heard["unfinished chunked bodies"]} == {408, 429}
    assert heard["slow headers"] == heard["idle connections"] == [0]
    wait_until(lambda: api.burden()[1] <= descriptors + 8, 10, "descriptors to be as before")
    assert api.burden()[0] <= threads + 2 * POOL_THREADS  # those of the pools, which stay: nobody has one of their own
    assert api.busy_share(2) < 0.2
    assert len(quiet) + len(busy) == len(read_books(api.settings).waiting)


def test_many_slow_addresses_leave_a_place_for_probes_and_hold_no_thread(api: Api) -> None:
    threads, _ = api.burden()
    slow = [Greedy(api.port, SLOW_BODY, f"127.0.1.{number}") for number in range(1, 251) for _ in range(4)]
    try:
        for path in ("/livez", "/readyz", "/metrics"):
            assert api.ask("GET", path)[0] == 200
        assert api.report(1) < 2
        assert api.burden()[0] <= threads + 8
        wait_until(lambda: all(one.is_over() for one in slow), DEADLINE + 10, "the end of the slow ones")
        assert {one.status for one in slow} == {408}
    finally:
        for one in slow:
            one.close()


def test_probes_answer_while_every_thread_waits(api: Api) -> None:
    """Long polls, more than there are threads, are answered at once when too many wait; none holds up a probe."""
    poll = b"GET /v1/events?wait=15 HTTP/1.1\r\nHost: a\r\n" + KEY + b"\r\n"
    waiting = [Greedy(api.port, poll, ANOTHER) for _ in range(200)]
    try:
        for _ in range(20):
            status, seconds = api.ask("GET", "/livez")
            assert (status, seconds < 1) == (200, True)
            assert api.ask("GET", "/metrics")[0] == 200
    finally:
        for one in waiting:
            one.close()


def raw(port: int, request: bytes) -> bytes:
    """Send bytes; return what comes back within a moment after its beginning, or until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE + 4) as connection:
        heard = b""
        with suppress(OSError):
            connection.sendall(request)
        with suppress(OSError):
            while chunk := connection.recv(65536):
                heard += chunk
                connection.settimeout(0.1)
        return heard


BODY = b'{"image_id":"img-odd","reason":"violence","reporter_id":"odd"}'
KEY = b"Authorization: Bearer " + SITE_KEY.encode() + b"\r\n"
JSON = b"Content-Type: application/json\r\n"


def post(headers: bytes, body: bytes = BODY, path: bytes = b"/v1/reports", version: bytes = b"HTTP/1.1") -> bytes:
    return b"POST " + path + b" " + version + b"\r\nHost: a\r\n" + KEY + JSON + headers + b"\r\n" + body


LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ODD = {
    "two lengths": post(LENGTH + b"Content-Length: 3\r\n"),
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a length with a sign": post(b"Content-Length: +62\r\n"),
    "a length in hex": post(b"Content-Length: 0x3e\r\n"),
    "an enormous length": post(b"Content-Length: 99999999999999999999999\r\n"),
    "a length beyond the limit": post(b"Content-Length: 16385\r\n"),
    "length and chunks": post(LENGTH + CHUNKED, b"0\r\n\r\n"),
    "a chunk of no size": post(CHUNKED, b"zz\r\n"),
    "a negative chunk": post(CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk that says too much": post(CHUNKED, b"ffffffffffffffff\r\nhello"),
    "chunks without an end": post(CHUNKED, b"5\r\nhello\r\n"),
    "an unknown coding": post(b"Transfer-Encoding: gzip\r\n"),
    "two codings": post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    "no length": post(b""),
    "no host": b"POST /v1/reports HTTP/1.1\r\n" + KEY + JSON + LENGTH + b"\r\n" + BODY,
    "two hosts": post(b"Host: b\r\n" + LENGTH),
    "two credentials": post(KEY + LENGTH),
    "two types": post(JSON + LENGTH),
    "a credential that is not ASCII": post(LENGTH).replace(b"Bearer ", b"Bearer \xff"),
    "a language that is not ASCII": post(LENGTH + b"Accept-Language: \xc3\xa9\r\n"),
    "an absolute address": post(LENGTH, path=b"http://evil.example/v1/reports"),
    "a path of escapes": post(LENGTH, path=b"/v1/images/%00%ff/decisions"),
    "a path that is no UTF-8": b"GET /v1/images/caf%E9.jpg HTTP/1.1\r\nHost: a\r\n" + KEY + b"\r\n",
    "a raw path": b"GET /v1/images/caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a query that is no UTF-8": b"GET /v1/events?after=%ff%00 HTTP/1.1\r\nHost: a\r\n" + KEY + b"\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a strange method": b"FLY /v1/reports HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version of old": b"GET /livez HTTP/1.0\r\n\r\n",
    "a version to come": b"GET /livez HTTP/3.0\r\n\r\n",
    "no version": b"GET /livez\r\n\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" * 30,
    "HTTP/2 by upgrade": b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "a WebSocket": b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "nothing but noise": bytes(range(256)) * 8,
    "a folded header": post(b"X-Odd: a\r\n b\r\n" + LENGTH),
    "a space before the colon": post(b"X-Odd : a\r\n" + LENGTH),
    "a header without a name": post(b": a\r\n" + LENGTH),
    "a very long header": post(b"X-Odd: " + b"a" * 100_000 + b"\r\n" + LENGTH),
    "very many headers": post(b"".join(b"X-%d: a\r\n" % number for number in range(500)) + LENGTH),
    "a very long path": post(LENGTH, path=b"/" + b"a" * 60_000),
    "a NUL in a header": post(b"X-Odd: a\x00b\r\n" + LENGTH),
    "a body for GET": b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "a body that does not come for GET": b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhello",
    "HEAD": b"HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "two in one": b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 2,
}


def test_odd_requests_get_an_answer_or_an_end_and_never_an_error_of_ours(api: Api, tmp_path: Path) -> None:
    told = {}
    for name, request in ODD.items():
        heard = raw(api.port, request)
        told[name] = int(heard[9:12]) if heard[:5] == b"HTTP/" else 0
        assert told[name] < 500 or told[name] in {501, 505}, (name, heard[:300])
        assert api.ask("GET", "/livez")[0] == 200, name
    print(told)
    for name in ("two credentials", "two types", "two hosts", "a credential that is not ASCII"):
        assert told[name] == 400, name
    assert told["a path that is no UTF-8"] == 400
    assert told["a length beyond the limit"] == 413
    assert "Traceback" not in (tmp_path / "api.log").read_text()


def test_curl_may_ask_before_it_sends(api: Api) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=5) as connection:
        connection.sendall(post(LENGTH + b"Expect: 100-continue\r\n", b""))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(BODY)
        assert connection.recv(1000).startswith(b"HTTP/1.1 202")


def chunked(body: bytes, size: int = 8192) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("surplus", [-1, 0, 1, 1_000_000])
@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize(("path", "limit"), [("/v1/reports", 16_384), ("/v1/reports/batch", 1_048_576)])
def test_a_body_is_taken_whole_up_to_its_limit_and_refused_whole_beyond(
    api: Api, path: str, limit: int, surplus: int, *, in_chunks: bool
) -> None:
    """A report, or a batch of 100 lines, is filled up with blanks to a size around the limit."""
    if path.endswith("batch"):
        lines = [b'{"image_id":"img-%d","reason":"violence","reporter_id":"r"}' % number for number in range(100)]
        start, reports = b"\n".join(lines), 100
    else:
        start, reports = BODY, 1
    body = start + b" " * (limit + surplus - len(start))
    length = CHUNKED if in_chunks else b"Content-Length: %d\r\n" % len(body)
    kind = b"application/x-ndjson" if reports > 1 else b"application/json"
    head = post(length, b"", path.encode()).replace(b"application/json", kind)
    heard = raw(api.port, head + (chunked(body) if in_chunks else body))
    status = int(heard[9:12])
    fits = surplus <= 0
    assert status == ((202 if reports == 1 else 200) if fits else 413)
    if reports > 1 and fits:
        assert b'"accepted": 100' in heard or b'"accepted":100' in heard
    assert len(read_books(api.settings).waiting) == (reports if fits else 0)
