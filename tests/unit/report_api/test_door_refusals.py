"""What the door says of its own accord, before the application is asked: in the reader's language, too."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from quorum.network.forwarding import Forwarding
from report_api.server.admission import Admission
from report_api.server.door import Door
from report_api.server.greenlets import LoopParking
from report_api.telemetry.observe import Cuts
from report_api.web.headers import Headers
from report_api.web.problem_texts import TEXTS


def refused(language: str, *, in_all: int) -> tuple[int, dict[str, str], Any]:
    """Begin a report at a door that lets `in_all` requests be unfinished, and none of one address."""
    answers: list[tuple[int, list[tuple[str, str]], bytes]] = []
    fields = {"content-length": "5", "accept-language": language}
    scope = SimpleNamespace(
        method="POST",
        path="/v1/reports",
        query_string="",
        http_version="1.1",
        scheme="http",
        headers=fields,
        server="127.0.0.1:80",
        client="192.0.2.1:1",
    )
    admission = Admission(60, 0, in_all)

    async def ask() -> None:
        door = Door(
            lambda *_: [b""], admission, LoopParking(), 1, cuts=Cuts(), forwarding=Forwarding(), headers=Headers()
        )
        protocol = SimpleNamespace(response_bytes=lambda *answer: answers.append(answer))
        door._loop = asyncio.get_running_loop()
        await door.__rsgi__(scope, protocol)

    asyncio.run(ask())
    [(status, headers, body)] = answers
    return status, dict(headers), json.loads(body)


@pytest.mark.parametrize(("in_all", "status"), [(0, 503), (9, 429)])
@pytest.mark.parametrize("language", [*TEXTS, "en"])
def test_too_many_unfinished_requests_are_told_in_the_language_of_the_reader(
    language: str, in_all: int, status: int
) -> None:
    given, headers, body = refused(language, in_all=in_all)
    assert (given, body["status"], body["type"]) == (status, status, "urn:quorum:problem:too-many-unfinished")
    assert headers["Content-Language"] == language
    assert headers["Retry-After"] == "1"
    if language in TEXTS:
        assert (body["title"], body["detail"]) == TEXTS[language]["too-many-unfinished"]
    else:
        assert body["title"] == "Too many unfinished requests"
