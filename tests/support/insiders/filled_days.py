"""Figures of many days, as a busy site leaves them: written as the scripts write them."""

import math
from collections import Counter
from random import Random
from typing import Any

from quorum.judgement.figures.days import DAY_MS, duration, week_of
from quorum.store.keys import keys_of
from quorum.telemetry.stored_days import SINCE

REASONS = ("violence", "nudity", "hate", "harassment", "self_harm", "misinformation", "copyright", "spam", "other")


def fill_days(client: Any, namespace: str, days: int, now_ms: int) -> None:
    """Fill as many days of partition 0, the last of them today; they count since the first."""
    random, keys, today = Random(4), keys_of(namespace, 0), now_ms // DAY_MS
    first = today - days + 1
    client.hset(keys.stats, SINCE, first * DAY_MS)
    pipe = client.pipeline(transaction=False)
    for day in range(first, today + 1):
        counted = _busy_day(random, 1 + 0.5 * math.sin(day / 9))
        for key in (f"{keys.days}{day}", f"{keys.days}w{week_of(day)}"):
            for figure, number in counted.items():
                pipe.hincrby(key, figure, number)
    pipe.execute()


def _busy_day(random: Random, wave: float) -> Counter[str]:
    counted: Counter[str] = Counter()
    for place, reason in enumerate(REASONS):
        reports = int(wave * (400 + random.random() * 80) / (place + 1))
        blocks, holds = reports // 12, reports // 40
        counted.update({f"reports:{reason}": reports, f"blocks:{reason}": blocks, f"holds:{reason}": holds})
        counted.update({f"confirmed:{reason}": blocks // 3, f"overturned:{reason}": blocks // 14})
        counted.update({f"upheld:{reason}": reports // 4, f"unfounded:{reason}": reports // (5 + 3 * place)})
        for _ in range(blocks):
            counted[duration("to_block", int(1000 * math.exp(random.gauss(6.5, 1.2))))] += 1
        for _ in range(holds):
            counted[duration("to_decision", int(1000 * math.exp(random.gauss(8.5, 1))))] += 1
    counted.update({"decisions:uphold": int(40 * wave), "decisions:clear": int(12 * wave), "decisions:block": 3})
    return +counted
