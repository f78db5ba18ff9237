"""The users of deploy/redis/users.acl, as docker compose sets them up: what each needs, and no more."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT, environment, make_settings
from redis_server import RedisServer
from servers import candidates, name_of
from store import open_bench

from quorum.backup.writing import write_backup
from quorum.cli.main import cli
from quorum.errors import CommandDenied
from quorum.reporters.pepper import check_pepper
from quorum.start.permissions import SERVICES, missing, users_file
from quorum.store.connection import connect, translated_errors

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
NAMESPACE = "site/one"
SECRETS = {f"REDIS_{who}PASSWORD": f"secret-of-{who.lower()}" for who in ("", "API_", "STREAM_", "WORKER_", "ADMIN_")}


def compose_users(directory: Path) -> Path:
    """Run what the container of Redis runs before its server, and return the file that it makes."""
    script = COMPOSE["services"]["redis"]["command"][2].partition("&& exec")[0].replace("$$", "$")
    made = directory / "users.acl"
    script = script.replace("/etc/quorum/users.acl", str(ROOT / "deploy" / "redis" / "users.acl"))
    script = script.replace("/tmp/users.acl", str(made))
    subprocess.run(["sh", "-ec", script], check=True, env={**os.environ, **SECRETS, "QUORUM_NAMESPACE": NAMESPACE})
    return made


@pytest.fixture(scope="module", params=candidates(), ids=name_of)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    directory = tmp_path_factory.mktemp("redis")
    password = SECRETS["REDIS_PASSWORD"]
    started = RedisServer(request.param, directory, password=password, users=compose_users(directory)).start()
    yield started
    started.stop()


def url_of(server: RedisServer, service: str) -> str:
    return f"redis://quorum-{service}:{SECRETS[f'REDIS_{service.upper()}_PASSWORD']}@127.0.0.1:{server.port}/0"


def test_the_file_is_the_one_that_is_made() -> None:
    assert (ROOT / "deploy" / "redis" / "users.acl").read_text() == users_file()


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_may_do_what_it_needs_in_its_namespace_alone(server: RedisServer, service: str) -> None:
    with connect(url_of(server, service), 2.0) as client:
        assert missing(client, NAMESPACE, service) == ([], [])
        assert "HGET" in missing(client, "another", service)[0]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "command",
    [("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "1"), ("KEYS", "*"), ("ACL", "LIST"), ("SHUTDOWN",), ("SAVE",)],
)
def test_no_service_may_harm_the_server(server: RedisServer, service: str, command: tuple[str, ...]) -> None:
    client: Any = connect(url_of(server, service), 2.0)
    with pytest.raises(CommandDenied), translated_errors():
        client.execute_command(*command)


def test_the_admin_alone_may_read_a_backup(server: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(server.url, broker_url="memory://", namespace=NAMESPACE)
    with open_bench(settings) as bench:
        bench.block("img-1")
    assert write_backup(connect(url_of(server, "admin"), 5.0), NAMESPACE, tmp_path / "backup") > 0
    for service in ("api", "stream", "worker"):
        with pytest.raises(CommandDenied):
            write_backup(connect(url_of(server, service), 5.0), NAMESPACE, tmp_path / "none")


def test_each_container_has_a_user_of_its_own() -> None:
    users = {name: one.get("environment", {}).get("QUORUM_REDIS_USERNAME") for name, one in COMPOSE["services"].items()}
    wanted = {"report-api": "quorum-api", "stream": "quorum-stream", "worker": "quorum-worker", "admin": "quorum-admin"}
    assert {name: user for name, user in users.items() if user} == wanted


COMMANDS = (
    *(
        "queue",
        "queue --state open",
        "show img-1",
        "audit",
        "decide img-9 block --unknown",
        "decide img-9 clear --unknown",
    ),
    *("shields raise", "shields status", "shields lower"),
    *("reporters mute somebody", "reporters show somebody", "reporters unmute somebody", "forget somebody", "erasures"),
    *("keys create one --scope read", "keys list", "webhooks list", "webhooks resume", "dead list", "reports export -"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_run_in_the_container_of_the_api_is_permitted_there(
    server: RedisServer, tmp_path: Path, command: str
) -> None:
    settings = make_settings(server.url, broker_url="memory://", namespace=NAMESPACE)
    with open_bench(settings) as bench:
        check_pepper(bench.client, NAMESPACE, settings.pepper, "")
        bench.report("img-1", "somebody")
        bench.drain()
    user = {"QUORUM_REDIS_URL": url_of(server, "api"), "QUORUM_ERASURES": str(tmp_path / "erasures")}
    done = CliRunner().invoke(cli, command.split(), env={**environment(settings), **user})
    assert "permit" not in done.output
    assert not isinstance(done.exception, CommandDenied)
    assert done.exit_code == 0, done.output
