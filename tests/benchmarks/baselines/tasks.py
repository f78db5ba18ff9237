"""A Celery application with a task per report, and a task that does next to nothing."""

from typing import Any

from celery import Celery
from redis import Redis

TALLY = "baseline.tally"
ECHO = "baseline.echo"


def make_app(url: str, **options: Any) -> Celery:
    """Return the application; `options` are further Celery settings."""
    app = Celery("baseline", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue="baseline",
        task_ignore_result=True,
        result_backend=None,
        broker_connection_retry_on_startup=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        **options,
    )
    client = Redis.from_url(url)

    @app.task(name=TALLY, shared=False)
    def tally(image: str, reporter: str, reason: str) -> int:
        pipe = client.pipeline(transaction=False)
        pipe.sadd(f"image:{image}", reporter)
        pipe.scard(f"image:{image}")
        reporters: int = pipe.execute()[1]
        return reporters

    @app.task(name=ECHO, shared=False)
    def echo(key: str) -> None:
        client.lpush(key, 1)

    return app
