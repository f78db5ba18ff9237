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
from store import NOW_MS, open_bench

from quorum.accounts.roles import Role
from quorum.accounts.sessions import Sessions
from quorum.accounts.sign_in import SignIn
from quorum.accounts.stored_accounts import Accounts
from quorum.backup.writing import write_backup
from quorum.cli.main import cli
from quorum.errors import CommandDenied
from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.reporters.identities import Identities
from quorum.reporters.pepper import check_pepper
from quorum.start.permissions import SERVICES, missing, users_file
from quorum.store.connection import connect, translated_errors
from quorum.store.layout import check_layout
from quorum.tally.codec import encode_report, encode_stamp

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
NAMESPACE = "site/one"
USERS = ("", "API_", "CONSOLE_", "STREAM_", "WORKER_", "ADMIN_")
SECRETS = {f"REDIS_{who}PASSWORD": f"secret-of-{who.lower()}" for who in USERS}


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
    names = {"report-api": "api"}
    wanted = {one: f"quorum-{names.get(one, one)}" for one in ("report-api", "console", "stream", "worker", "admin")}
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


ACCOUNTS = (
    *(
        "add bo --role lead",
        "add linked --role viewer --subject iss\u00a0sub",
        "list",
        "reset anna",
        "disable anna",
        "enable anna",
    ),
    *("role anna lead", "sessions anna", "sessions anna --close"),
)


@pytest.mark.parametrize("service", ["api", "admin"])
@pytest.mark.parametrize("command", ACCOUNTS)
def test_accounts_are_looked_after_in_the_container_of_the_admin_as_in_that_of_the_api(
    server: RedisServer, service: str, command: str
) -> None:
    settings = make_settings(server.url, broker_url="memory://", namespace=NAMESPACE)
    with open_bench(settings) as bench:
        bench.client.delete(bench.keys.accounts)
        accounts = Accounts(bench.client, NAMESPACE)
        accounts.add("root", Role.ADMIN)
        accounts.add("anna", Role.ADMIN)
        Sessions(bench.client, NAMESPACE).open("anna", "Firefox")
    user = {"QUORUM_REDIS_URL": url_of(server, service)}
    words = ["accounts", *(word.replace("\u00a0", " ") for word in command.split(" "))]
    done = CliRunner().invoke(cli, words, env={**environment(settings), **user})
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("service", ["api", "admin"])
def test_who_signs_in_needs_no_more_than_the_commands_of_accounts(server: RedisServer, service: str) -> None:
    with open_bench(make_settings(server.url, broker_url="memory://", namespace=NAMESPACE)) as bench:
        bench.client.delete(bench.keys.accounts)
    with connect(url_of(server, service), 5.0) as client:
        accounts, sessions = Accounts(client, NAMESPACE), Sessions(client, NAMESPACE)
        _, password = accounts.add("anna", Role.ADMIN)
        account = SignIn(client, NAMESPACE).check("anna", password, "192.0.2.7")
        token, session = sessions.open("anna", "Firefox", account=account)
        changed = accounts.change_password("anna", password, "correct horse battery staple", keep=session.id)
        assert sessions.find(token) == (session, changed)
        assert sessions.close_id("anna", sessions.open("anna", "")[1].id)
        sessions.close(token)
        assert sessions.find(token) is None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_run_in_the_container_of_the_api_is_permitted_there(
    server: RedisServer, tmp_path: Path, command: str
) -> None:
    settings = make_settings(server.url, broker_url="memory://", namespace=NAMESPACE)
    with open_bench(settings) as bench:
        check_pepper(bench.client, NAMESPACE, settings.pepper, "")
        [person, *_] = Identities(settings.pepper).fingerprints_of(Person("somebody"))
        theirs = encode_stamp(NOW_MS) + encode_report(
            Report(parse_image("img-1"), Reporter(VERIFIED, person), "violence")
        )
        bench.client.rpush(bench.keys.inbox, theirs)
        bench.drain()  # into tally and journal
        bench.client.rpush(bench.keys.inbox, theirs)  # and one on its way
    user = {"QUORUM_REDIS_URL": url_of(server, "api"), "QUORUM_ERASURES": str(tmp_path / "erasures")}
    done = CliRunner().invoke(cli, command.split(), env={**environment(settings), **user})
    assert "permit" not in done.output
    assert not isinstance(done.exception, CommandDenied)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("begun", ["empty", "fresh"])
def test_the_admin_may_read_a_backup_back(server: RedisServer, tmp_path: Path, begun: str) -> None:
    """Into a Redis that has lost its data, and into one where services have only begun."""
    settings = make_settings(server.url, broker_url="memory://", namespace=f"{NAMESPACE}:restored-{begun}")
    user = {"QUORUM_REDIS_URL": url_of(server, "admin"), "QUORUM_ERASURES": str(tmp_path / "erasures")}
    with open_bench(settings) as bench:
        check_pepper(bench.client, settings.namespace, settings.pepper, "")
        bench.block("img-1")
        [person, *_] = Identities(settings.pepper).fingerprints_of(Person("somebody"))
        theirs = Report(parse_image("img-2"), Reporter(VERIFIED, person), "violence")
        bench.client.rpush(bench.keys.inbox, encode_stamp(NOW_MS) + encode_report(theirs))
        bench.drain()
        Accounts(bench.client, settings.namespace).add("anna", Role.ADMIN)
        for words in (["backup", str(tmp_path / "backup")], ["forget", "somebody"]):
            done = CliRunner().invoke(cli, words, env={**environment(settings), **user})
            assert done.exit_code == 0, done.output
        bench.client.flushall()
        if begun == "fresh":
            check_layout(bench.client, settings.namespace, 1)
            Accounts(bench.client, settings.namespace).add("admin", Role.ADMIN)
    done = CliRunner().invoke(cli, ["restore", str(tmp_path / "backup")], env={**environment(settings), **user})
    assert done.exit_code == 0, done.output
    with open_bench(settings) as bench:
        assert bench.status("img-1").state.is_blocked
        bench.client.flushall()
