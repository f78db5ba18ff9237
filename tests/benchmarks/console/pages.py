"""How long the pages of the console take when there is much to show."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient

from console.app import create_app
from console.web.services import EXTENSION, Services
from quorum.accounts.roles import Role
from quorum.policy import load_policy
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.drain import PartitionTally

from .. import fill  # noqa: TID252 - the package is run, not installed
from ..harness import PEPPER, Bar, Lab, Row, Scale  # noqa: TID252

SMALL = 100  # of each kind, in the store that is compared with
ASKED = 15  # times that each page is asked for
PROTECTED = 10**20  # numbers from here on are of protected images, which are held
BLOCKED = 10**21
POLICY = f"""
threshold = 3
min_reporters = 3
window_days = 30
[reporters]
verified = 1
anonymous = 1
[reasons]
violence = 1.0
[people]
blocks_per_day = 0
[shields]
blocks_per_hour = 0
blocks_per_day = 0
[[images]]
match = "{fill.image_id(PROTECTED)[:12]}*"
protected = true
"""
NO_PAGES = frozenset(
    {
        "static",
        "livez",
        "readyz",
        "queue.home",
        "queue.find",
        "operations.state",
        "sign_in.page",
        "oidc.begin",
        "oidc.end",
    }
)


def pages(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield the slowest pages, and the middle one, of a large store beside those of a small one."""
    lab.clear()
    sizes = (scale.images // 10, scale.images // 100, scale.images // 10)
    large, small = _console(lab, "large", *sizes), _console(lab, "small", SMALL, SMALL, SMALL)
    times = {path: (_median(large, path), _median(small, path)) for path in _paths(large.application)}
    slowest = sorted(times, key=lambda path: -times[path][0])
    for path in slowest[:5]:
        yield _row(path, *times[path], sizes, len(times))
    yield _row("the middle page", *times[slowest[len(slowest) // 2]], sizes, len(times))


def _row(path: str, ours: float, baseline: float, sizes: tuple[int, int, int], all_pages: int) -> Row:
    many, held, blocked = sizes
    return Row(
        f"console: {path[:40]}",
        ours * 1000,
        baseline * 1000,
        ours / baseline,
        "ms",
        f"a page of the console, the median of {ASKED} requests, with {many:,} open images of two reporters each, "
        f"{held:,} held and {blocked:,} blocked; of {all_pages} pages the five slowest, and the middle one",
        f"the same page with {SMALL} images of each kind",
        Bar(50, "at most", of="ours"),
    )


def _console(lab: Lab, namespace: str, many: int, held: int, blocked: int) -> FlaskClient:
    """Return a browser of an administrator, in front of a store that is full."""
    path = Path(lab.directory) / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    settings = replace(lab.settings, namespace=namespace, policy_path=path)
    with connect(settings.store, 60.0) as client:
        check_layout(client, namespace, 1)
        keys, policy = keys_of(namespace, 0), load_policy(path)
        tally = PartitionTally(client, keys)
        for first, count, people in ((0, many, 2), (PROTECTED, held, 3), (BLOCKED, blocked, 3)):
            for start in range(0, count, 20_000):
                numbers = range(first + start, first + min(start + 20_000, count))
                fill.append(client, keys.inbox, ((number, reader) for number in numbers for reader in range(people)))
                while tally.drain(policy).taken:
                    pass
    app = create_app(settings)
    parts: Services = app.extensions[EXTENSION]
    parts.accounts.add_linked("anna", Role.ADMIN, "issuer 1")
    browser = app.test_client()
    with browser.session_transaction() as kept:
        kept["token"], _ = parts.sessions.open("anna", "")
    return browser


def _paths(app: Flask) -> list[str]:
    """Return the pages that are asked for: all, and the queue's lists."""
    reporter = fingerprint(PEPPER.encode(), NAMED, "reader-0").hex()
    examples = {"image_id": fill.image_id(PROTECTED), "reporter": reporter}
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES and rule.arguments <= examples.keys():
            _, path = rule.build({name: examples[name] for name in rule.arguments}) or ("", "")
            found.append(str(path))
    return found + [f"/queue?list={one}" for one in ("contested", "near", "open", "blocked")]


def _median(browser: FlaskClient, path: str) -> float:
    def once() -> float:
        start = time.perf_counter()
        with browser.get(path) as answer:
            assert answer.data
            assert answer.status_code in {200, 404}, (path, answer.status_code)
        return time.perf_counter() - start

    once()
    act: Callable[[], float] = once
    return median(act() for _ in range(ASKED))
