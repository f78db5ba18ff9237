"""The examples of the documentation, sent as they stand by somebody who may do everything, harm nobody."""

import json
from typing import Any

from conftest import claimed_app, make_settings
from redis_server import RedisServer

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.policy.file import PolicyFile
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from report_api.docs.examples import IMAGE, IN_PATHS
from tally_worker.app import open_tallies
from tally_worker.tallying.drain import drain_until_silent


def sent(api: Any, document: dict[str, Any], headers: dict[str, str]) -> dict[str, int]:
    """Send every operation, in the order of the document; return the statuses by operation."""
    statuses = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            place = path.format(**{name: IN_PATHS[name] for name in IN_PATHS if f"{{{name}}}" in path})
            answer = api.open(place, method=method.upper(), json=body, headers=headers)
            statuses[operation["operationId"]] = answer.status_code
    return statuses


def test_no_example_touches_another_image_or_person_or_tells_consumers_anything(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url, policy_path=None)
    app = claimed_app(settings, lambda _: None)
    client = connect(settings.store, 5.0)
    _, whole = ApiKeys(client, settings.namespace).create("everything", frozenset(Scope))
    headers = {"Authorization": f"Bearer {whole}"}
    with app.test_client() as api:
        statuses = sent(api, api.get("/openapi.json").get_json(), headers)
        missing = {name for name, status in statuses.items() if status == 404}
        assert missing == {"getWebhook", "deleteWebhook", "rotateSecret", "enableWebhook", "testWebhook",
                           "replayWebhook", "getDeliveries",
                           "getStatement"}  # fmt: skip
        refused = {name: status for name, status in statuses.items() if status >= 400 and status != 404}
        of_readers = {"createReport": 422, "withdrawReport": 422}  # a key must name who reports
        assert refused == {**of_readers, "lodgeAppeal": 409, "decideAppeal": 409}  # the image is not blocked
        for tally in open_tallies(settings):
            drain_until_silent(tally, PolicyFile(None))
        events = api.get("/v1/events", headers=headers).get_json()
        assert {event["subject"] for event in events} <= {IMAGE}
        assert not any("blocked" in event["type"] for event in events)
        assert api.get("/v1/blocklist", headers=headers).get_json()["images"] == []
        (webhook,) = api.get("/v1/webhooks", headers=headers).get_json()["webhooks"]
        assert webhook["url"].startswith("https://receiver.example/")
    assert client.llen(keys_of(settings.namespace, 0).journal)  # they were tallied


def test_a_reader_without_a_key_can_send_the_first_example(own_redis: RedisServer) -> None:
    app = claimed_app(make_settings(own_redis.url), lambda _: None)
    with app.test_client() as api:
        operation = api.get("/openapi.json").get_json()["paths"]["/v1/reports"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["example"]
        answer = api.post("/v1/reports", data=json.dumps(body), content_type="application/json")
        assert answer.status_code == 202
