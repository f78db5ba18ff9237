"""Reads the figures of days and weeks: one hash for each and partition, whatever number of images there is."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from redis import Redis

from quorum.judgement.figures.days import week_of
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.telemetry.days import Day, Figures, Period, date_of, number_of

SINCE = "days_since"  # in the statistics of each partition: when a worker that counts days first swept, Unix ms
MOST_DAYS = 400  # as many are kept


class Days:
    """Figures of all partitions together. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def today(self) -> date:
        """Return the day of Redis' clock, by which reports are counted."""
        with translated_errors():
            return date_of(time_ms(self._client, self._keys[0].meta))

    def read(self, first: date, last: date) -> Period:
        """Return the days from the first to the last, both included; at most 400 of them, the latest.

        A day before that since which all partitions count has no figures.
        """
        days = [last - timedelta(days=back) for back in range(min((last - first).days, MOST_DAYS - 1), -1, -1)]
        return self._read(days, [str(number_of(day)) for day in days], 1)

    def read_weeks(self, last: date, weeks: int) -> Period:
        """Return as many whole weeks (at most 57), the last of them the one of a day, as far as it has come."""
        monday = last - timedelta(days=last.weekday())
        mondays = [monday - timedelta(weeks=back) for back in range(min(weeks, MOST_DAYS // 7) - 1, -1, -1)]
        return self._read(mondays, [f"w{week_of(number_of(day))}" for day in mondays], 7)

    def _read(self, days: Sequence[date], names: Sequence[str], length: int) -> Period:
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.hget(keys.stats, SINCE)
            for keys in self._keys:
                for name in names:
                    pipe.hgetall(f"{keys.days}{name}")
            answers = pipe.execute(raise_on_error=False)
        since = _since(answers[: len(self._keys)])
        stored = answers[len(self._keys) :]
        found = []
        for place, day in enumerate(days):
            known = since is not None and day + timedelta(days=length - 1) >= date_of(since)
            found.append(Day(day, _figures(stored[place :: len(days)]) if known else None))
        return Period(tuple(found), since)


def _since(answers: Sequence[Any]) -> int | None:
    """Return since when all partitions count; None where one does not."""
    known = [int(answer) for answer in answers if isinstance(answer, bytes) and answer.isdigit()]
    return max(known) if len(known) == len(answers) else None


@lru_cache(maxsize=1000)
def _text(name: bytes) -> str:
    return name.decode()


def _figures(answers: Sequence[Any]) -> Figures:
    total: Counter[str] = Counter()
    for answer in answers:
        if isinstance(answer, dict):  # else a key of a wrong type, whose figures are lost
            for name, number in answer.items():
                total[_text(name)] += int(number)
    return Figures(total)
