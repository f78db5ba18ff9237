"""Every client judges every delivery alike: shared/clients/vectors/webhooks.json, made by `webhook_vectors`.

GENERATE=1 makes the file anew.
"""

import base64
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from client_drivers import CLIENTS, LANGUAGES, installed
from standardwebhooks import Webhook, WebhookVerificationError
from webhook_vectors import NOW, vectors

from quorum.client import InvalidWebhook, verify

FILE = CLIENTS / "vectors" / "webhooks.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []


def test_the_file_holds_the_vectors_that_are_made() -> None:
    text = "[\n" + ",\n".join(json.dumps(one, ensure_ascii=True) for one in vectors()) + "\n]\n"
    if os.environ.get("GENERATE"):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text
    assert len({one["name"] for one in VECTORS}) == len(VECTORS) > 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_judges_every_delivery_rightly(language: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    client = installed(language, tmp_path_factory.mktemp(language))
    if client is None:
        pytest.skip(f"{language} is not installed")
    wrong: dict[str, Any] = {}
    with client.driver("verify") as driver:
        for vector in VECTORS:
            answer = driver.ask(**vector)
            if answer != expected(vector):
                wrong[vector["name"]] = answer
    print(f"{language}: {len(VECTORS)} deliveries, {len(wrong)} judged wrongly")
    assert wrong == {}


def expected(vector: dict[str, Any]) -> dict[str, Any]:
    if "event" in vector:
        return {"ok": vector["event"]}
    return {"error": {"kind": "webhook", "why": vector["refused"]}}


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_"], ["whsec_ä"], ["whsec_AAAA"], ["whsec_" + "A" * 43]])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_secret_that_is_none_is_an_error_of_the_receiver(
    language: str, secrets: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    if language == "python":
        with pytest.raises(ValueError, match="secret"):
            verify(secrets, {}, b"")
        return
    client = installed(language, tmp_path_factory.mktemp(language))
    if client is None:
        pytest.skip(f"{language} is not installed")
    with client.driver("verify") as driver:
        answer = driver.ask(**{**VECTORS[0], "secrets": secrets})
    assert answer["error"]["kind"] in {"TypeError", "InvalidArgumentException"}
    assert "secret" in answer["error"]["message"]


@pytest.mark.parametrize(
    "vector", [one for one in VECTORS if one.get("refused") != "body"], ids=lambda one: one["name"]
)
def test_the_reference_library_believes_no_more(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library of Standard Webhooks refuses is refused; what we refuse beyond is odd, and never from quorum."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Then":
            return cls.fromtimestamp(NOW, tz or UTC)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Then)
    body = base64.b64decode(vector["body_base64"])
    believed = False
    for secret in vector["secrets"]:
        try:
            Webhook(secret).verify(body.decode(), dict(vector["headers"]))
            believed = True
        except (WebhookVerificationError, ValueError):
            continue
    try:
        verify(vector["secrets"], vector["headers"], body, now=NOW)
    except InvalidWebhook:
        return
    assert believed
