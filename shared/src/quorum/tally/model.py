"""The tally in pure Python: the reference that property tests hold the script to, and the engine of simulations.

Time is the time of the reports themselves (Unix milliseconds, stamped by Redis on arrival), so the same reports in
the same order always give the same result. Twin: batch.lua and drain.lua.
"""

from quorum.judgement.announcing import announce
from quorum.judgement.copies import tally_digest
from quorum.judgement.counting import count
from quorum.judgement.records import Book, Event, Report, State, Tally
from quorum.judgement.verdict import crosses, hold_cause
from quorum.policy.model import days


class TallyModel(Book):
    """Applies reports one by one, as the atomic script does to a batch."""

    def apply(self, report: Report) -> list[Event]:
        """Count a report; return the events that it causes.

        Rows that left the window by the time of this report are dropped from the front first. After a clear, nothing
        counts for a while.
        """
        events: list[Event] = []
        digest = tally_digest(self, report, events)
        tally = self.tallies.setdefault(digest, Tally())
        if tally.state is State.CLEARED:
            if report.received_ms < tally.cleared_ms + days(self.policy.after_clear.immune_days):
                return events
            tally.state, tally.cleared_ms = State.OPEN, 0
        tally.expire(report.received_ms - self.policy.window_seconds * 1000)
        count(self, report, tally)
        if tally.state is State.OPEN and crosses(self, report, digest, tally):
            self._decide(report, digest, tally, events)
        return events

    def _decide(self, report: Report, digest: bytes, tally: Tally, events: list[Event]) -> None:
        """Block the image and its copies, or hold them when there is cause to."""
        subjects = tally.copies or {digest: report.image.id}
        cause = hold_cause(self, tally, list(subjects.values()), report.received_ms, events)
        tally.state = State.HELD if cause else State.BLOCKED
        events += [announce(self.policy, report, tally, subject, cause) for subject in subjects.items()]
