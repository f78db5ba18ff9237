"""Every setting that the environment states reaches every service of `quorum run`, and the greeting names it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
from certificates import Authority
from conftest import NO_CAPS, Trial, quorum_run
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from quorum.cli.trial.plan import prepare_trial
from quorum.cli.trial.secrets_file import read_or_make_secrets
from quorum.cli.trial.shells import sourced, text_for_shells
from quorum.settings import SettingsError, read_settings
from quorum.settings.declared import SETTINGS
from quorum.settings.kinds import Choice, Flag, Whole
from quorum.settings.others import NAMES_OF_OTHERS

PASSWORD = "a password that was given"
KEY = "qk_given.a-key-that-was-given"
GIVEN = {
    "QUORUM_CONSOLE_URL": "https://console.given.example",
    "QUORUM_OIDC_ISSUER": "https://given.example",
    "QUORUM_OIDC_CLIENT": "given",
    "QUORUM_OIDC_SECRET": "a client secret that was given",
    "QUORUM_STREAM_INNER": "127.0.0.1:8095",
    "QUORUM_REDIS_USERNAME": "default",
    "QUORUM_REDIS_PASSWORD": PASSWORD,
    "QUORUM_BROKER_USERNAME": "default",
    "QUORUM_BROKER_PASSWORD": PASSWORD,
    "QUORUM_NAMESPACE": "given",
    "QUORUM_PARTITIONS": "2",
    "QUORUM_POLICY": str(NO_CAPS),
    "QUORUM_PEPPER": "a pepper that was given",
    "QUORUM_PEPPER_PREVIOUS": "a pepper that was given before",
    "QUORUM_SITE_KEY": KEY,
    "QUORUM_TOKEN_SECRET": "a token secret that was given, 32",
    "QUORUM_TOKEN_KEYS": "keys.json",  # beside the place where it was started
    "QUORUM_TOKEN_AUDIENCE": "given",
    "QUORUM_READ_ACCESS": "key",
    "QUORUM_CORS_ORIGINS": "https://given.example",
    "QUORUM_TRUSTED_HOSTS": "given.example,127.0.0.1",
    "QUORUM_WEBHOOK_NETWORKS": "10.11.12.0/24",
    "QUORUM_BUS_URL": "amqps://127.0.0.1:1/given",
    "QUORUM_BUS_EXCHANGE": "given",
    "QUORUM_LOG_FORMAT": "json",
    "QUORUM_LOG_LEVEL": "warning",
    "QUORUM_DEMO": "0",
    "QUORUM_SENTINEL_USERNAME": "sentinel",
    "QUORUM_SENTINEL_PASSWORD": PASSWORD,
    "QUORUM_PROXY_HOPS": "1",
    "QUORUM_TRUSTED_PROXIES": "10.11.12.13/32",
    "QUORUM_WEBHOOK_PROXY": "http://127.0.0.1:1",
    "QUORUM_BUS_USERNAME": "given",
    "QUORUM_BUS_PASSWORD": PASSWORD,
    "QUORUM_ERASURES": "erasures",
}


def value_for(name: str, redis_url: str) -> str:
    """Return what GIVEN says, which is not what `quorum run` would set; else what the kind of the setting takes."""
    declared = next(one for one in SETTINGS if one.name == name)
    if name in {"QUORUM_REDIS_URL", "QUORUM_BROKER_URL"}:
        return redis_url
    if name in GIVEN:
        return GIVEN[name]
    if isinstance(declared.kind, Choice | Flag | Whole):
        return str(declared.default).lower()
    raise AssertionError(f"say in GIVEN which value {name} is tried with")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trial, dict[str, str]]]:
    directory = tmp_path_factory.mktemp("given")
    authority = Authority(directory)
    certificate = authority.sign("client")
    files = {"QUORUM_TLS_CA": authority.ca, "QUORUM_TLS_CERT": certificate.cert, "QUORUM_TLS_KEY": certificate.key}
    (directory / "keys.json").write_text(json.dumps({"keys": [{"kty": "oct", "kid": "one", "k": "A" * 43}]}))
    redis = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    redis.client.config_set("requirepass", PASSWORD)
    values = {one.name: value_for(one.name, redis.url) for one in SETTINGS if one.name not in files}
    values |= {name: path.name for name, path in files.items()}  # beside the place where it was started
    with quorum_run(directory, **values) as trial:
        yield trial, values
    redis.stop()


def environments(trial: Trial) -> dict[str, dict[str, str]]:
    found = {}
    for process in trial.process.children(recursive=True):
        with suppress(psutil.Error):
            environment = process.environ()
            found[f"{environment['SUPERVISOR_PROCESS_NAME']} {process.pid}"] = environment
    return found


def test_every_setting_reaches_every_process_of_every_service(given: tuple[Trial, dict[str, str]]) -> None:
    trial, values = given
    wait_until(lambda: len(environments(trial)) >= 9, 20, "the processes of the services")
    found = environments(trial)
    for service, processes in {"api": 3, "stream": 1, "console": 2, "worker": 3}.items():
        assert sum(name.startswith(service) for name in found) >= processes, sorted(found)
    wrong = {
        (who, name): environment.get(name)
        for who, environment in found.items()
        for name, value in values.items()
        if environment.get(name) != value
    }
    assert wrong == {}


def test_what_was_given_is_what_holds(given: tuple[Trial, dict[str, str]]) -> None:
    trial, values = given
    assert (trial.site_key, trial.redis_url) == (KEY, values["QUORUM_REDIS_URL"])
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{trial.url}/v1/events", timeout=10)
    with urlopen(Request(f"{trial.url}/v1/events", headers={"Authorization": f"Bearer {KEY}"}), timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{trial.url}/demo", timeout=10)
    assert not any("redis-server" in process.name() for process in trial.process.children())


def test_the_greeting_names_what_was_taken(given: tuple[Trial, dict[str, str]]) -> None:
    trial, values = given
    log = trial.directory / "run.log"
    wait_until(lambda: "Obeyed from the environment" in log.read_text(), 60, "the greeting")
    line = next(line for line in log.read_text().splitlines() if "Obeyed from the environment" in line)
    assert set(line.partition(": ")[2].split(", ")) == values.keys()
    assert "/demo" not in log.read_text()
    assert KEY not in log.read_text()


def prepared(data: Path, environ: dict[str, str]) -> dict[str, str]:
    """Return the settings of the services."""
    data.mkdir(exist_ok=True)
    return prepare_trial(data, environ).environment


IN_A_FILE = {"QUORUM_WEBHOOK_PROXY": "http://proxy.example:3128", "QUORUM_BUS_URL": "amqp://bus.example/"}


@pytest.mark.parametrize("name", [one.name for one in SETTINGS if one.kind.secret])
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    usual = "redis://127.0.0.1:1/0" if name.endswith("_URL") else "a secret that stands in a file, 32 b"
    file.write_text(IN_A_FILE.get(name, usual))
    beside = {name.replace("PASSWORD", "URL"): "redis://127.0.0.1:1/0"} if "PASSWORD" in name else {}
    if "BUS" in name:
        beside = {"QUORUM_BUS_URL": IN_A_FILE["QUORUM_BUS_URL"]} if "PASSWORD" in name else {}
    if "SENTINEL" in name:
        beside = {"QUORUM_REDIS_URL": "redis+sentinel://127.0.0.1:1/name/0"}
    environment = prepared(tmp_path / "data", {f"{name}_FILE": str(file), **beside})
    assert name not in environment
    attribute = next(one.attribute for one in SETTINGS if one.name == name)
    assert getattr(read_settings(environment), attribute) == file.read_text()


@pytest.mark.parametrize("name", ["QUORUM_REDIS_PASSWORD", "QUORUM_REDIS_USERNAME", "QUORUM_BROKER_PASSWORD_FILE"])
def test_half_an_address_is_refused_by_its_own_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is given and QUORUM_(REDIS|BROKER)_URL is not: .* give both"):
        prepared(tmp_path / "data", {name: "a part of an address"})


def test_what_the_env_file_of_another_trial_says_is_not_taken_for_a_wish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two side by side from one shell: the second must not use the first's Redis, secrets and list of erasures."""
    monkeypatch.chdir(tmp_path)
    first = prepared(tmp_path / ".run", {"QUORUM_NAMESPACE": "given"})
    text = text_for_shells(tmp_path / ".run", "http://127.0.0.1:8080", "", first)
    (tmp_path / ".run" / "env").write_text(text)
    printed = subprocess.run(["sh", "-c", ". .run/env; env -0"], capture_output=True, check=True).stdout.decode()
    sourced = dict(line.partition("=")[::2] for line in printed.split("\0") if line.startswith("QUORUM_"))
    second = prepared(tmp_path / "second", {**sourced, "QUORUM_DEMO": "0"})
    assert second["QUORUM_DEMO"] == "0"
    assert {name for name, value in second.items() if first.get(name) == value} == {
        "QUORUM_ANONYMOUS", "QUORUM_CORS_ORIGINS", "QUORUM_READ_ACCESS", "QUORUM_LOG_FORMAT", "QUORUM_WEBHOOK_NETWORKS",
    }  # fmt: skip
    again = prepared(tmp_path / ".run", sourced)
    assert again["QUORUM_NAMESPACE"] == "given"
    assert again["QUORUM_PEPPER"] == first["QUORUM_PEPPER"]


def test_the_env_file_says_what_the_services_were_given_for_any_directory(tmp_path: Path) -> None:
    """Flags and lists as they were written, a secret from a file by itself, a path that was beside the start."""
    (tmp_path / "secret").write_text("a site key that stands in a file\n")
    (tmp_path / "data").mkdir()
    given = {
        "QUORUM_DEMO": "off",
        "QUORUM_CORS_ORIGINS": "https://a.example,https://b.example",
        "QUORUM_SITE_KEY_FILE": str(tmp_path / "secret"),
        "QUORUM_POLICY": os.path.relpath(NO_CAPS),
    }
    environment = prepared(tmp_path / "data", given)
    (tmp_path / "env").write_text(text_for_shells(tmp_path / "data", "", "", environment))
    told = sourced(tmp_path / "env")
    assert told["QUORUM_SITE_KEY"] == "a site key that stands in a file"
    assert told["QUORUM_POLICY"] == str(NO_CAPS)
    expected = {**environment, "QUORUM_POLICY": str(NO_CAPS), "QUORUM_SITE_KEY": told["QUORUM_SITE_KEY"]}
    del expected["QUORUM_SITE_KEY_FILE"]
    assert told == expected | {"QUORUM_DATA": str(tmp_path / "data"), "QUORUM_URL": "", "QUORUM_STREAM_URL": ""}
    assert read_settings(told) == read_settings(expected)


def test_what_its_own_env_file_says_is_not_taken_for_a_wish(tmp_path: Path) -> None:
    """Somebody sources it and starts again in the same shell, when its port may have become another's."""
    data = tmp_path / "data"
    first = prepared(data, {})
    again = {**first, "QUORUM_REDIS_URL": first["QUORUM_REDIS_URL"].rpartition(":")[0] + ":1/0"}
    assert prepared(data, again) == first
    assert json.loads((data / "running.json").read_text())["taken"] == []


def test_blank_values_and_names_of_others_are_not_settings(tmp_path: Path) -> None:
    ports = {
        "QUORUM_PORT": str(free_port()),
        "QUORUM_STREAM_PORT": "",
        "QUORUM_CONSOLE_PORT": "",
        "QUORUM_METRICS_PORT": "",
    }
    names = dict.fromkeys(NAMES_OF_OTHERS, "8091") | ports | {"QUORUM_READ_ACCESS": " ", "QUORUM_SITE_KEY": ""}
    environment = prepared(tmp_path / "data", names)
    assert environment["QUORUM_READ_ACCESS"] == "open"
    assert environment["QUORUM_SITE_KEY"] == read_or_make_secrets(tmp_path / "data" / "secrets.json").site_key
    assert json.loads((tmp_path / "data" / "running.json").read_text())["taken"] == []


def test_a_name_that_is_no_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(SettingsError, match="QUORUM_READ_ACCES is no setting"):
        prepare_trial(tmp_path / "data", {**os.environ, "QUORUM_READ_ACCES": "key"})
