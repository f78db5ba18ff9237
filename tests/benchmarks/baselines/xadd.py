"""A bare Flask endpoint: the body goes into a stream as it came, one XADD per request."""

import os

from flask import Flask, request
from redis import Redis


def create_app() -> Flask:
    """Return the application; BENCHMARK_REDIS_URL names its Redis."""
    app = Flask(__name__)
    client = Redis.from_url(os.environ["BENCHMARK_REDIS_URL"], max_connections=128)

    @app.post("/v1/reports")
    def create_report() -> tuple[str, int]:
        client.xadd("reports", {"report": request.get_data()})
        return "accepted", 202

    return app
