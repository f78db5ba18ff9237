"""Settings from the environment, and what is said of bad ones."""

from pathlib import Path

import pytest

from quorum.errors import SettingsError
from quorum.settings import read_settings

SECRET = "a secret of enough characters, and of enough bytes"


def test_without_any_variable_there_are_safe_defaults() -> None:
    settings = read_settings({})
    assert settings.redis_url == settings.broker_url == "redis://127.0.0.1:6379/0"
    assert (settings.partitions, settings.read_access, settings.proxy_hops, settings.demo) == (1, "key", 0, False)
    assert (settings.pepper, settings.site_key, settings.token_secret) == ("", "", "")


def test_every_variable_is_read() -> None:
    settings = read_settings(
        {
            "QUORUM_REDIS_URL": "rediss://r:1/2",
            "QUORUM_BROKER_URL": "amqp://b",
            "QUORUM_NAMESPACE": "n",
            "QUORUM_PARTITIONS": "8",
            "QUORUM_POLICY": "/p.toml",
            "QUORUM_PEPPER": SECRET + "1",
            "QUORUM_SITE_KEY": SECRET + "2",
            "QUORUM_TOKEN_SECRET": SECRET + "3",
            "QUORUM_TOKEN_AUDIENCE": "a",
            "QUORUM_READ_ACCESS": "open",
            "QUORUM_PROXY_HOPS": "2",
            "QUORUM_TRUSTED_HOSTS": "a.example,b.example",
            "QUORUM_INBOX_LIMIT": "9",
            "QUORUM_EVENT_RETENTION_SECONDS": "60",
            "QUORUM_SWEEP_SECONDS": "5",
            "QUORUM_DEMO": "1",
        }
    )
    assert (settings.redis_url, settings.broker_url) == ("rediss://r:1/2", "amqp://b")
    assert (settings.namespace, settings.partitions, settings.policy_path) == ("n", 8, Path("/p.toml"))
    assert (settings.pepper, settings.site_key, settings.token_secret) == (SECRET + "1", SECRET + "2", SECRET + "3")
    assert (settings.token_audience, settings.read_access, settings.proxy_hops) == ("a", "open", 2)
    assert settings.trusted_hosts == ("a.example", "b.example")
    assert (settings.inbox_limit, settings.event_retention_seconds, settings.sweep_seconds) == (9, 60, 5)
    assert settings.demo


@pytest.mark.parametrize("name", ["QUORUM_PEPPER", "QUORUM_SITE_KEY", "QUORUM_TOKEN_SECRET"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    settings = read_settings({f"{name}_FILE": str(file)})
    assert getattr(settings, name.removeprefix("QUORUM_").lower()) == SECRET


def test_the_redis_url_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("redis://:password@r:1/2")
    assert read_settings({"QUORUM_REDIS_URL_FILE": str(file)}).redis_url == "redis://:password@r:1/2"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"QUORUM_PARTITIONS": "0"}, "QUORUM_PARTITIONS must be a whole number from 1 to 1024, not '0'"),
        ({"QUORUM_PARTITIONS": "two"}, "QUORUM_PARTITIONS must be"),
        ({"QUORUM_PARTITIONS": "²"}, "QUORUM_PARTITIONS must be"),
        ({"QUORUM_PROXY_HOPS": "-1"}, "QUORUM_PROXY_HOPS must be"),
        ({"QUORUM_READ_ACCESS": "all"}, "QUORUM_READ_ACCESS must be one of key, open"),
        ({"QUORUM_REDIS_URL": "localhost:6379"}, "QUORUM_REDIS_URL has an unknown scheme: it must be"),
        ({"QUORUM_PEPPER": "short"}, "QUORUM_PEPPER must have at least 16 characters"),
        ({"QUORUM_PEPPER_FILE": "/none/at/all"}, "QUORUM_PEPPER_FILE names /none/at/all, which cannot be read"),
    ],
)
def test_a_bad_setting_is_named_with_its_fix(variables: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings(variables)
    assert said in str(error.value)


def test_an_error_never_shows_a_secret() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"QUORUM_PEPPER": "hush"})
    assert "hush" not in str(error.value)


def test_a_cluster_is_no_broker_and_the_message_says_what_is() -> None:
    cluster = {"QUORUM_REDIS_URL": "redis+cluster://one:7000,two:7000"}
    with pytest.raises(SettingsError, match="QUORUM_BROKER_URL must name one Redis or RabbitMQ of its own"):
        read_settings(cluster)
    settings = read_settings({**cluster, "QUORUM_BROKER_URL": "redis://broker:6379/0"})
    assert settings.in_cluster
    assert not read_settings({}).in_cluster
    for nodes in ("one:port", "", "one:7000,,two:7000"):
        with pytest.raises(SettingsError, match="QUORUM_REDIS_URL must name host and port as in redis"):
            read_settings({**cluster, "QUORUM_REDIS_URL": f"redis+cluster://{nodes}", "QUORUM_BROKER_URL": "amqp://b"})
    for nodes in ("one", "user:secret@one:7000", "[::1]:7000,two"):
        assert read_settings(
            {"QUORUM_REDIS_URL": f"redis+cluster://{nodes}", "QUORUM_BROKER_URL": "amqp://b"}
        ).in_cluster
