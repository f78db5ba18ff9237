"""A call ends within its time and says what came back, whatever the other side does."""

import asyncio
import time
from ipaddress import ip_network

import pytest
from hostile import FAMILY, receivers

from tally_worker.delivering.outbound import MAX_DETAIL, Answer, Caller

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECONDS = 2.0


async def call_all(ports: dict[str, int]) -> dict[str, tuple[Answer, float]]:
    caller = Caller(LOOPBACK, seconds=SECONDS)

    async def timed(name: str, port: int) -> tuple[str, tuple[Answer, float]]:
        start = time.monotonic()
        answer = await caller.post(f"http://127.0.0.1:{port}/", b"{}", {"x": "y"})
        return name, (answer, time.monotonic() - start)

    return dict(await asyncio.gather(*(timed(*one) for one in ports.items())))


@pytest.mark.slow
def test_every_call_ends_in_time_with_an_answer_that_can_be_kept() -> None:
    with receivers() as ports:
        found = asyncio.run(call_all(ports))
    for one in FAMILY:
        assert one.may_be(found[one.name][0].status), (one.name, found[one.name])
    for name, (answer, seconds) in found.items():
        assert seconds < SECONDS + 2, name
        assert len(answer.detail) <= MAX_DETAIL
        assert answer.detail.isprintable()
        assert answer.detail or answer.status, name
    for name in ("1xx for ever", "at once: flood", "after the status line: flood"):
        assert "no answer within" not in found[name][0].detail, name  # hung up on long before
