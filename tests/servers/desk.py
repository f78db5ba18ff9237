"""A moderator's desk: the API under a policy, the tally behind it, and moderators with their keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from store import Bench, open_bench
from werkzeug.test import TestResponse

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.settings import Settings

RULES = """\
threshold = 3
min_reporters = 3
window_days = 30
[reporters]
verified = 1
anonymous = 1
[reasons]
violence = { weight = 1.0, threshold = 1.5 }
hate = 1.0
spam = 0.5
[[images]]
match = "agency/*"
protected = true
[after_clear]
review_reporters = 2
[people]
blocks_per_day = 2
[shields]
blocks_per_hour = 0
blocks_per_day = 0
[pictures]
url_template = "https://img.example/{id}?size=large"
"""


class Desk:
    """Reports and looks over HTTP, drains by hand."""

    def __init__(self, client: FlaskClient, bench: Bench, settings: Settings) -> None:
        self.client = client
        self.bench = bench
        self.settings = settings
        self.moderator = self.key("Ms Moderator")

    def key(self, name: str, *scopes: Scope) -> dict[str, str]:
        """Return the header of a new key, a moderator's unless it says otherwise."""
        keys = ApiKeys(self.bench.client, self.settings.namespace)
        return {"Authorization": f"Bearer {keys.create(name, frozenset(scopes or {Scope.MODERATE}))[1]}"}

    def report(self, image: str, people: int | list[str] = 3, reason: str = "hate", **more: Any) -> None:
        """Let people report an image, and drain."""
        names = people if isinstance(people, list) else [f"{image}-{number}" for number in range(people)]
        for name in names:
            body = {"image_id": image, "reason": reason, "reporter_id": name, **more}
            answer = self.client.post("/v1/reports", json=body, headers={"Authorization": f"Bearer {SITE_KEY}"})
            assert answer.status_code == 202, answer.get_json()
        while self.bench.drain().taken:
            pass

    def decide(self, image: str, decision: str, **more: Any) -> None:
        answer = self.post(f"/v1/images/{image}/decisions", {"decision": decision, **more})
        assert answer.status_code == 200, answer.get_json()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers={**self.moderator, **headers})

    def post(self, path: str, body: Any) -> TestResponse:
        return self.client.post(path, json=body, headers=self.moderator)

    def queue(self, query: str = "") -> dict[str, Any]:
        answer = self.get(f"/v1/queue?{query}")
        assert answer.status_code == 200, answer.get_json()
        body: dict[str, Any] = answer.get_json()
        return body

    def names(self, query: str = "") -> list[str]:
        return [image["image_id"] for image in self.queue(query)["images"]]


@contextmanager
def open_desk(redis_url: str, directory: Path, rules: str = RULES) -> Iterator[Desk]:
    """Open a desk in a namespace of its own."""
    path = directory / "policy.toml"
    path.write_text(rules, encoding="utf-8")
    settings = make_settings(redis_url, policy_path=path)
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, open_bench(settings) as bench:
        yield Desk(client, bench, settings)
