"""A real nginx with deploy/nginx/edge-gate.conf in front of a directory of images, spoken to byte by byte."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT, SITE_KEY
from redis_server import free_port, wait_until

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass(frozen=True)
class Edge:
    """A running nginx."""

    port: int
    images: Path

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a path as it stands; return status and body."""
        status, body = self.send(f"GET {path} HTTP/1.1\r\nHost: edge.example\r\nConnection: close\r\n\r\n".encode())
        return status, body.decode()

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send any bytes at all; return status (0 when there is no answer) and body."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(None, 2)
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), body


@contextmanager
def running_edge(api_port: int, directory: Path, files: dict[bytes, str]) -> Iterator[Edge]:
    """Run nginx in front of files (name -> content); the gate asks the API at a port."""
    images = directory / "images"
    for name, content in files.items():
        path = Path(str(images)) / name.decode(errors="surrogateescape")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    port = free_port()
    gate = (ROOT / "deploy" / "nginx" / "edge-gate.conf").read_text()
    for stated, wanted in (
        ("/var/cache/nginx/quorum", str(directory / "cache")),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{api_port};"),
        ("listen 8000;", f"listen 127.0.0.1:{port};"),
        ("/srv/images", str(images)),
        ("CHANGE-ME", SITE_KEY),
    ):
        assert stated in gate
        gate = gate.replace(stated, wanted)
    work = directory / "nginx"
    work.mkdir()
    temp = "".join(
        f"{kind}_temp_path {work}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = work / "nginx.conf"
    configuration.write_text(
        f"daemon off;\nuser root;\npid {work}/pid;\nerror_log {work}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temp}{gate}}}\n"
    )
    process = subprocess.Popen([NGINX, "-c", str(configuration), "-p", str(work)])
    made = Edge(port, images)
    try:
        wait_until(lambda: _answers(made), 10, "nginx")
        yield made
    finally:
        process.terminate()
        process.wait(10)


def _answers(edge: Edge) -> bool:
    try:
        return edge.get("/no-such-file")[0] == 404
    except OSError:
        return False
