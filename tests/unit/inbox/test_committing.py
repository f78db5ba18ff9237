"""Group commit: every sender gets its own answer, whatever the schedule and whatever goes wrong."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import pytest
from interleavings import Deadlock, Schedule, explore, replaced

from quorum.errors import InboxFull, StoreUnavailable
from quorum.inbox import committing
from quorum.inbox.committing import Committer

FAILURES = [
    StoreUnavailable("down"),
    InboxFull("full"),
    ValueError("a bug"),
    MemoryError(),
    SystemExit(1),
    KeyboardInterrupt(),
]


class Target:
    """Answers each item with itself, doubled; fails in those calls that it is told to."""

    def __init__(self, failures: list[BaseException | None]) -> None:
        self.failures = iter(failures)
        self.sent: list[list[int]] = []

    def send(self, items: list[int]) -> list[int]:
        self.sent.append(items)
        error = next(self.failures, None)
        if error is not None:
            raise error
        return [2 * item for item in items]


class Senders:
    """Some senders of one number each, and what they heard."""

    def __init__(self, schedule: Schedule, targets: list[Target]) -> None:
        self.targets = targets
        self.heard: dict[int, int | BaseException] = {}
        committer = Committer()
        for number, target in enumerate(targets):
            schedule.actor(partial(self.send, committer, target, number), f"sender {number}")

    def send(self, committer: Committer, target: Target, number: int) -> None:
        try:
            self.heard[number] = committer.commit(target, number)
        except BaseException as error:  # noqa: BLE001 - what was heard
            self.heard[number] = error

    def check(self) -> None:
        """Everybody heard what became of their own number, and every number was sent once."""
        for target in {id(target): target for target in self.targets}.values():
            sent = Counter(number for group in target.sent for number in group)
            assert set(sent.values()) <= {1}
            for number, own in enumerate(self.targets):
                if own is not target:
                    continue
                answer = self.heard[number]
                assert not isinstance(answer, StoreUnavailable) or "nothing was heard" not in str(answer)
                assert isinstance(answer, BaseException) or (answer == 2 * number and sent[number] == 1)


def play(choices: list[int], senders: int, failures: list[BaseException | None], targets: int = 1) -> Schedule:
    schedule = Schedule((committing,), choices)
    names = {"Lock": schedule.lock, "Thread": schedule.thread, "SimpleQueue": schedule.queue}
    with replaced(committing, **names):
        made = [Target(list(failures)) for _ in range(targets)]
        party = Senders(schedule, [made[number % targets] for number in range(senders)])
        schedule.run()
    party.check()
    return schedule


def test_three_senders_get_their_answers_whoever_else_runs_at_any_line() -> None:
    runs = explore(lambda choices: play(choices, 3, []), 1)
    print(f"schedules of three senders: {runs}")
    assert runs > 100


@pytest.mark.slow
def test_two_senders_get_their_answers_whatever_two_lines_others_run_at() -> None:
    runs = explore(lambda choices: play(choices, 2, []), 2)
    print(f"schedules of two senders: {runs}")
    assert runs > 1000


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_call_that_fails_in_any_way_is_an_answer_to_all_who_wait(error: BaseException) -> None:
    assert explore(lambda choices: play(choices, 3, [error]), 1) > 100


def test_targets_that_share_a_thread_fail_each_by_itself() -> None:
    assert explore(lambda choices: play(choices, 3, [StoreUnavailable("down")], targets=2), 1) > 100


def test_an_answer_that_does_not_fit_is_an_error_for_all_of_the_group() -> None:
    class Short(Target):
        def send(self, items: list[int]) -> list[int]:
            return super().send(items)[1:]

    with pytest.raises(ValueError, match="zip"):
        Committer().commit(Short([]), 1)


def test_a_call_that_never_ends_is_told_to_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hung(Target):
        def send(self, items: list[int]) -> list[int]:
            time.sleep(1)
            return super().send(items)

    monkeypatch.setattr(committing, "WAIT_SECONDS", 0.05)
    with pytest.raises(StoreUnavailable, match=r"within 0\.05 s"):
        Committer().commit(Hung([]), 1)


def test_where_no_thread_can_be_started_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", refused)
    with pytest.raises(StoreUnavailable, match="no thread can be started"):
        Committer().commit(Target([]), 1)


@pytest.fixture
def hasty_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty_switches")
def test_24_threads_in_a_hurry_all_go_on() -> None:
    class Slow(Target):
        def send(self, items: list[int]) -> list[int]:
            time.sleep(0.0005)
            return super().send(items)

    # Every 50th call fails: those who hear of it try again.
    committer, target = (
        Committer(),
        Slow([StoreUnavailable("down") if call % 50 == 49 else None for call in range(10_000)]),
    )
    ends, done = time.monotonic() + 4, [0] * 24

    def send(number: int) -> None:
        while time.monotonic() < ends:
            with suppress(StoreUnavailable):
                done[number] += committer.commit(target, number) == 2 * number

    threads = [Thread(target=send, args=(number,), daemon=True) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    print(f"appends in 4 s: {sum(done)}, calls: {len(target.sent)}")
    assert not any(thread.is_alive() for thread in threads)
    assert min(done) > 0


class HandsTheLeadOver:
    """What group commit was once: the first sender leads, and hands the lead to one who waits. It reads it unlocked."""

    def __init__(self, lock: Any) -> None:
        self._new_lock, self._lock, self._led, self._queue = lock, lock(), False, []  # type: ignore[var-annotated]

    def append(self, number: int) -> None:
        turn = self._new_lock()
        turn.acquire()
        mine = {"turn": turn, "lead": False, "number": number}
        with self._lock:
            self._queue.append(mine)
            mine["lead"], self._led = not self._led, True
        if not mine["lead"]:
            turn.acquire()
        if mine["lead"]:
            self._lead()

    def _lead(self) -> None:
        with self._lock:
            group, self._queue = self._queue, []
        with self._lock:
            self._led = bool(self._queue)
            if self._queue:
                self._queue[0]["lead"] = True
                self._queue[0]["turn"].release()
        for waiting in group:
            waiting["turn"].release()


def test_the_explorer_finds_the_lost_turn_of_a_hand_over() -> None:
    def run(choices: list[int]) -> Schedule:
        schedule = Schedule((sys.modules[__name__],), choices)
        inbox = HandsTheLeadOver(schedule.lock)
        for number in range(3):
            schedule.actor(partial(inbox.append, number), f"sender {number}")
        schedule.run()
        return schedule

    with pytest.raises((RuntimeError, Deadlock), match=r"release unlocked lock|asleep for ever"):
        explore(run, 2)
