"""API keys: hashed, scoped, several, revocable."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from conftest import SITE_KEY, claimed_app, environment
from flask.testing import FlaskClient
from store import Bench

from quorum.access import stored_keys as api_keys
from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys, KeyRing
from quorum.cli.main import cli
from quorum.errors import UnknownApiKey
from quorum.settings import Settings

REPORT = {"image_id": "img-1", "reason": "violence", "reporter_id": "reader-1"}


@pytest.fixture
def keys(bench: Bench, settings: Settings) -> ApiKeys:
    return ApiKeys(bench.client, settings.namespace)


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(api_keys, "REFRESH_SECONDS", 0.0)
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_is_never_stored(keys: ApiKeys, bench: Bench) -> None:
    _, whole = keys.create("cms", frozenset({Scope.REPORT}))
    secret = whole.partition(".")[2]
    stored = b"".join(bench.client.hgetall(bench.keys.api_keys).values()).decode()
    assert secret not in stored
    assert "cms" in stored


def test_several_keys_are_good_at_a_time_and_a_revoked_one_is_not(keys: ApiKeys) -> None:
    old, old_whole = keys.create("cms", frozenset({Scope.REPORT}))
    new, new_whole = keys.create("cms", frozenset({Scope.REPORT}))
    assert KeyRing(keys).find(old_whole) == old
    keys.revoke(old.id)
    assert KeyRing(keys).find(old_whole) is None
    assert KeyRing(keys).find(new_whole) == new
    assert {key.id: key.revoked_ms is None for key in keys.list()} == {old.id: False, new.id: True}


def test_the_time_of_the_first_revocation_stays(keys: ApiKeys) -> None:
    key, _ = keys.create("cms", frozenset({Scope.READ}))
    assert keys.revoke(key.id).revoked_ms == keys.revoke(key.id).revoked_ms
    with pytest.raises(UnknownApiKey, match="there is no API key 'nobody'"):
        keys.revoke("nobody")


def test_a_key_with_another_secret_is_not_the_key(keys: ApiKeys) -> None:
    key, whole = keys.create("cms", frozenset({Scope.REPORT}))
    ring = KeyRing(keys)
    assert ring.find(f"qk_{key.id}.{'x' * 43}") is None
    assert ring.find(whole + "x") is None
    assert ring.find(whole) == key


def test_ids_that_nobody_made_take_no_memory_without_bound(keys: ApiKeys) -> None:
    ring = KeyRing(keys)
    for number in range(api_keys.REMEMBERED + 10):
        assert ring.find(f"qk_{number:x}.0123456789abcdef") is None
    assert len(ring._known) <= api_keys.REMEMBERED


def test_a_key_may_do_what_its_scopes_say_and_no_more(client: FlaskClient, keys: ApiKeys) -> None:
    _, reports = keys.create("cms", frozenset({Scope.REPORT}))
    _, reads = keys.create("cache", frozenset({Scope.READ}))
    assert client.post("/v1/reports", json=REPORT, headers=bearer(reports)).status_code == 202
    assert client.get("/v1/events", headers=bearer(reads)).status_code == 200
    for refused, scope in (
        (client.post("/v1/reports", json=REPORT, headers=bearer(reads)), "report"),
        (client.get("/v1/events", headers=bearer(reports)), "read"),
    ):
        assert refused.status_code == 403
        assert f"needs the scope '{scope}'" in refused.get_json(force=True)["detail"]


def test_a_revoked_key_is_refused_by_a_running_api(client: FlaskClient, keys: ApiKeys) -> None:
    key, whole = keys.create("cms", frozenset({Scope.REPORT}))
    assert client.post("/v1/reports", json=REPORT, headers=bearer(whole)).status_code == 202
    keys.revoke(key.id)
    assert client.post("/v1/reports", json=REPORT, headers=bearer(whole)).status_code == 401


def test_the_key_of_the_settings_stays_good_beside_the_stored_ones(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("cms", frozenset({Scope.REPORT}))
    assert client.post("/v1/reports", json=REPORT, headers=bearer(SITE_KEY)).status_code == 202
    assert client.get("/v1/events", headers=bearer(SITE_KEY)).status_code == 200


def test_the_command_line_creates_lists_and_revokes(settings: Settings, keys: ApiKeys) -> None:
    runner = CliRunner(env=environment(settings))
    created = runner.invoke(cli, ["keys", "create", "the CMS", "--scope", "report", "--scope", "read"])
    assert created.exit_code == 0
    whole = created.stdout.strip()
    found = KeyRing(keys).find(whole)
    assert found
    assert (found.name, found.scopes) == ("the CMS", frozenset({Scope.REPORT, Scope.READ}))
    assert whole not in runner.invoke(cli, ["keys", "list"]).output
    assert f"{found.id}  valid    read,report" in runner.invoke(cli, ["keys", "list"]).output
    assert runner.invoke(cli, ["keys", "revoke", found.id]).exit_code == 0
    assert f"{found.id}  revoked" in runner.invoke(cli, ["keys", "list"]).output
    missing = runner.invoke(cli, ["keys", "revoke", "nobody"])
    assert (missing.exit_code, "there is no API key 'nobody'" in missing.output) == (1, True)


def test_a_token_for_trials_is_accepted(settings: Settings, client: FlaskClient) -> None:
    made = CliRunner(env=environment(settings)).invoke(cli, ["token", "reader-1"])
    assert made.exit_code == 0
    body = {"image_id": "img-1", "reason": "spam"}
    assert client.post("/v1/reports", json=body, headers=bearer(made.stdout.strip())).status_code == 202
