"""What is blocked, in memory: look-ups without network, kept up to date by the feed (list, then watch)."""

import json
import logging
import os
import time
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from quorum.client.calls import WAIT_SECONDS, Client
from quorum.client.refusals import PAUSE_SECONDS, ApiError, pause_after
from quorum.errors import CursorExpired, QuorumError
from quorum.events.event import BLOCKED, DELETED, UNBLOCKED, Event
from quorum.images.image import parse_image
from quorum.images.urls.rules import WITHOUT_QUERY, read_document

FOREIGN_CURSOR = "invalid-cursor"  # of a server that was laid out anew
log = logging.getLogger(__name__)


class Blocklist:
    """`image_id in blocklist`, from memory, under the server's rules for URLs: it says what the API says.

    With a `path` the list and its cursor are kept in a file, replaced as a whole, so that a restart goes on from there;
    without one a restart reads the whole list. Either way nothing is missed: the list comes with the cursor from which
    the events go on, and applying an event twice changes nothing.
    """

    def __init__(self, client: Client, path: Path | None = None) -> None:
        self._client = client
        self._path = path
        self._images: set[str] = set()
        self._cursor: str | None = None
        self._rules = WITHOUT_QUERY  # what servers did that tell no rules
        self._rules_version: str | None = None
        self._heard: float | None = None
        self._stop = Flag()
        self._ready = Flag()
        self._thread = Thread(target=self._run, name="blocklist", daemon=True)
        self._load()

    def __contains__(self, image_id: str) -> bool:
        return parse_image(image_id, self._rules).id in self._images

    def __len__(self) -> int:
        return len(self._images)

    def images(self) -> frozenset[str]:
        """Return all that is blocked."""
        return frozenset(self._images)

    @property
    def cursor(self) -> str | None:
        """Where the list goes on; None before it was ever read."""
        return self._cursor

    @property
    def age_seconds(self) -> float | None:
        """How long ago the server last answered; None before it ever did."""
        return None if self._heard is None else time.monotonic() - self._heard

    def start(self, timeout: float | None = 30.0) -> bool:
        """Keep the list up to date from a thread; wait for the first answer and tell whether it came in time."""
        self._thread.start()
        return self._ready.wait(timeout)

    def stop(self) -> None:
        """Stop keeping it up to date."""
        self._stop.set()

    def sync(self, wait: int = 0) -> list[Event]:
        """Read the list when there is none yet, else the events since, and return those.

        Raises ApiError, StoreUnavailable.
        """
        if self._cursor is None:
            self._replace()
            events: list[Event] = []
        else:
            try:
                events, cursor = self._client.events(self._cursor, limit=1000, wait=wait)
            except (CursorExpired, ApiError) as error:
                if isinstance(error, ApiError) and error.kind != FOREIGN_CURSOR:
                    raise
                self._replace()
                return self.sync(wait)
            for event in events:
                self._apply(event)
            changed, self._cursor = cursor != self._cursor, cursor
            if changed:
                self._save()
        self._learn_rules()
        self._heard = time.monotonic()
        self._ready.set()
        return events

    def _replace(self) -> None:
        snapshot = self._client.snapshot()
        self._images, self._cursor = set(snapshot.images), snapshot.cursor
        self._save()

    def _learn_rules(self) -> None:
        """Ask for the rules for URLs when the server has told that they are other ones."""
        version = self._client.url_rules_version
        if version == self._rules_version:
            return
        try:
            self._rules = self._client.url_rules() if version else WITHOUT_QUERY
        except ValueError as error:
            log.warning("images that are URLs may be looked up wrongly, update quorum's client: %s", error)
        self._rules_version = version
        self._save()

    def _apply(self, event: Event) -> None:
        if event.type == BLOCKED:
            self._images.add(event.subject)
        elif event.type in {UNBLOCKED, DELETED}:
            self._images.discard(event.subject)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.sync(WAIT_SECONDS)
            except QuorumError as error:
                log.warning("blocklist not up to date: %s", error)
                self._stop.wait(_pause(error))

    def _load(self) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if kept.get("url_rules"):
                self._rules = read_document(kept["url_rules"])
                self._rules_version = self._rules.version
            self._images, self._cursor = set(kept["images"]), str(kept["cursor"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be used, the list is read anew: %s", self._path, error)

    def _save(self) -> None:
        if self._path is None:
            return
        draft = self._path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            rules = self._rules.document() if self._rules_version else None
            json.dump({"cursor": self._cursor, "images": sorted(self._images), "url_rules": rules}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _pause(error: QuorumError) -> float:
    """Return how long to pause; what no pause mends is asked again, too: a key may be given its rights."""
    try:
        return pause_after(error)
    except QuorumError:
        return PAUSE_SECONDS[1]
