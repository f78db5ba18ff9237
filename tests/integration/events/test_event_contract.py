"""The contract of the events: documents that independent validators accept, and events that keep them."""

import json
import subprocess
from typing import Any

import pytest
from conftest import ROOT, claimed_app, make_settings
from jsonschema import Draft202012Validator, FormatChecker
from store import Bench

from quorum.events.event import APPEAL_DECIDED, BLOCKED, HELD, SHIELDS_LOWERED, SHIELDS_RAISED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.decisions import Action
from quorum.moderation.shields import Shields
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import parse_policy
from quorum.settings import Settings
from report_api.docs.asyncapi import asyncapi, event_schema

TYPES = (BLOCKED, UNBLOCKED, HELD, SHIELDS_RAISED, SHIELDS_LOWERED, APPEAL_DECIDED)


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_has_a_json_schema_that_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(event_schema(kind))


def test_real_events_of_every_type_keep_their_schema_and_only_theirs(bench: Bench, settings: Settings) -> None:
    bench.policy = parse_policy(
        "threshold=1\nmin_reporters=1\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nviolence=1\n"
        '[[images]]\nmatch="agency/*"\nprotected=true\n',
        "test",
    )
    bench.report("img-1", "reader-1")
    bench.report("agency/1", "reader-1")
    bench.drain()
    Appeals(bench.client, settings.namespace, 1).lodge(parse_image("img-1"), "It is a museum.")
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), Action.CLEAR, "m", bench.policy)
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-2"), Action.BLOCK, "m", bench.policy)
    shields = Shields(bench.client, settings.namespace, 1)
    shields.raise_(5, "ops")
    shields.lower("ops")
    events = [json.loads(event) for event in bench.events()]
    assert {event["type"] for event in events} == set(TYPES)
    for event in events:
        for kind in TYPES:
            valid = Draft202012Validator(event_schema(kind), format_checker=FormatChecker()).is_valid(event)
            assert valid is (kind == event["type"]), (kind, event)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        found = [node["$ref"]] if "$ref" in node else []
        return found + [one for value in node.values() for one in references(value)]
    return [one for value in node for one in references(value)] if isinstance(node, list) else []


def test_the_document_is_whole_and_its_copy_in_docs_is_current() -> None:
    document = asyncapi()
    for reference in references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    assert document["asyncapi"] == "3.0.0"
    with claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None).test_client() as client:
        assert client.get("/asyncapi.json").get_json() == document
    kept = (ROOT / "docs" / "asyncapi.json").read_text()
    assert json.loads(kept) == document, "remake it: see docs/events.md"


def test_the_asyncapi_initiatives_own_parser_accepts_the_document() -> None:
    def judge(document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        command = ["node", str(ROOT / "tests/asyncapi/validate.js")]
        return subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=False)

    judged = judge(asyncapi())
    assert judged.returncode == 0, judged.stderr
    assert judged.stdout.startswith("3.0.0 4 channels")
    assert judge({**asyncapi(), "info": {}}).returncode == 1
