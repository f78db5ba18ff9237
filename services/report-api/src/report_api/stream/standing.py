"""Looks every few seconds whether the keys of open streams still hold, and ends those whose key does not."""

import logging
from functools import partial

from quorum.errors import StoreUnavailable
from report_api.stream.checks import Check, Run
from report_api.stream.guests import Guests
from report_api.web.problems import Refused

CHECK_SECONDS = 2.5  # a key is believed for REFRESH_SECONDS more: its streams end within five seconds

log = logging.getLogger(__name__)


class Standing:
    """`check` raises Refused for a credential that does not hold; `run` runs what blocks in a thread."""

    def __init__(self, guests: Guests, check: Check, run: Run) -> None:
        self._guests = guests
        self._check = check
        self._run = run

    async def look(self) -> None:
        """Check each credential once. While Redis cannot be asked the streams go on."""
        for credential in self._guests.credentials():
            try:
                await self._run(partial(self._check, credential))
            except Refused:
                self._guests.end_streams("key", credential)
            except StoreUnavailable:
                return
            except Exception:
                log.exception("a key could not be checked")
