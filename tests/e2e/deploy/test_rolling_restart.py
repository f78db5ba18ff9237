"""A rolling restart under load: behind a proxy no request fails, and no acknowledged report is lost."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import make_settings
from pipeline import Crowd, Pipeline, Visitor, assert_all_tallied, whole_pipeline
from redis_server import RedisServer, free_port, wait_until

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = pytest.mark.timeout(240)


class Proxy:
    """An nginx in front of several APIs, each of which can be taken out of the rotation, as an orchestrator does."""

    def __init__(self, directory: Path, ports: list[int]) -> None:
        self.port = free_port()
        self._directory = directory
        self._ports = ports
        directory.mkdir()

    def write(self, *, without: int = 0) -> None:
        servers = "".join(f"server 127.0.0.1:{port};" for port in self._ports if port != without)
        temp = "".join(
            f"{kind}_temp_path {self._directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self._directory / "nginx.conf").write_text(
            f"user root; pid {self._directory}/pid; error_log {self._directory}/error.log; events {{}}\n"
            f"http {{ access_log off; {temp} keepalive_timeout 0; upstream api {{ {servers} }}\n"
            f"server {{ listen 127.0.0.1:{self.port}; location / {{ proxy_pass http://api; }} }} }}\n"
        )

    def tell(self, *arguments: str) -> None:
        command = [NGINX, "-c", str(self._directory / "nginx.conf"), "-p", str(self._directory), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        self.write()
        self.tell()
        try:
            yield
        finally:
            self.tell("-s", "stop")

    @contextmanager
    def without(self, port: int) -> Iterator[None]:
        """Send a server no more requests for a while."""
        self.write(without=port)
        self.tell("-s", "reload")
        time.sleep(1)  # what is under way ends
        yield
        self.write()
        self.tell("-s", "reload")


def steady(crowd: Crowd) -> None:
    """Wait for another thousand answers."""
    enough = crowd.statuses.total() + 1000
    wait_until(lambda: crowd.statuses.total() >= enough, 30, "a thousand answers")


def test_apis_restarted_one_after_another_fail_no_request(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    second_home = tmp_path / "second"
    second_home.mkdir()
    with whole_pipeline(settings, tmp_path) as first, Pipeline(settings, second_home) as second:
        second.start_api()
        proxy = Proxy(tmp_path / "nginx", [first.port, second.port])
        with proxy.running():
            wait_until(lambda: answers(proxy.port), 10, "nginx")
            crowd = Crowd(proxy.port, visitors=4).start()
            steady(crowd)
            for pipeline in (first, second):
                with proxy.without(pipeline.port):
                    pipeline.stop_api()
                    pipeline.start_api()
                steady(crowd)
            crowd.stop()
        print(f"{crowd.statuses.total()} requests: {dict(crowd.statuses)}")
        assert set(crowd.statuses) == {202}
        assert_all_tallied(settings, crowd)


def test_workers_restarted_one_after_another_lose_nothing(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        workers = [pipeline.start_worker(), pipeline.start_worker()]
        pipeline.start_api()
        crowd = Crowd(pipeline.port, visitors=2).start()
        for worker in workers:
            steady(crowd)
            worker.send_signal(signal.SIGTERM)
            pipeline.start_worker()
            assert worker.wait(30) == 0
        steady(crowd)
        crowd.stop()
        assert set(crowd.statuses) == {202}
        assert_all_tallied(settings, crowd)


def answers(port: int) -> bool:
    with Visitor(port, 1.0) as visitor:
        return visitor.get("/livez").status == 200
