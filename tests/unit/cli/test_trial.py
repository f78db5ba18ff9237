"""The parts of `quorum run` and of health checks."""

import socket
import stat
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import binary, integers

from quorum.cli.probe import healthy
from quorum.cli.trial.secrets_file import read_or_make_secrets
from quorum.host.ports import NEAR, free_port, is_free, next_free_port, port_for


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


def test_a_taken_port_is_passed_over_for_the_next() -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first)):
        found = next_free_port(first, {first + 1})
        assert first + 1 < found
        assert is_free(found)
    assert next_free_port(first) == first
    assert is_free(next_free_port(first, set(range(first, first + NEAR))))  # where none is near


@given(content=binary(max_size=30) | integers().map(lambda number: str(number).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_whatever_stands_where_a_port_should_a_port_is_found(content: bytes, tmp_path: Path) -> None:
    marker = tmp_path / "port"
    marker.write_bytes(content)
    assert port_for(marker) == int(marker.read_text())


@pytest.fixture
def metrics_url() -> object:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 500)
            self.end_headers()
            self.wfile.write(b'# HELP age x\nage 12.5\nage_more 99\nturn{part="bus"} 1\nturn{part="sweeper"} 70\n')

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_no_proxy_is_asked_for_what_is_on_this_machine(metrics_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert healthy(f"{metrics_url}/metrics", "age", 30)


def test_a_probe_judges_answer_and_metric(metrics_url: str) -> None:
    assert healthy(f"{metrics_url}/metrics")
    assert healthy(f"{metrics_url}/metrics", "age", 30)
    assert not healthy(f"{metrics_url}/metrics", "age", 12)
    assert not healthy(f"{metrics_url}/metrics", "missing", 12)
    assert healthy(f"{metrics_url}/metrics", "turn", 70)
    assert not healthy(f"{metrics_url}/metrics", "turn", 69)  # one part of several that hangs is enough
    assert not healthy(f"{metrics_url}/broken")
    assert not healthy(f"http://127.0.0.1:{free_port()}/")
