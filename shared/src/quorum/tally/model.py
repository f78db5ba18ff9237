"""The tally in pure Python: the reference that property tests hold the script to, and the engine of simulations.

Time is the time of the reports themselves (Unix milliseconds, stamped by Redis on arrival), so the same reports in
the same order always give the same result. Twins: drain.lua and rejudge.lua.
"""

from quorum.judgement.announcing import announce
from quorum.judgement.copies import tally_digest
from quorum.judgement.counting import count
from quorum.judgement.records import Book, Event, Report, State, Tally
from quorum.judgement.verdict import Case, judge
from quorum.judgement.weighing import fact_weight, hopeful, voices
from quorum.policy.model import days

NAMED_AT = 2  # reporters from whom on an image's id is kept, so that it can be judged without a report


class TallyModel(Book):
    """Applies reports one by one, as the atomic script does to a batch."""

    def apply(self, report: Report) -> list[Event]:
        """Count a report and judge the image; return the events that it causes.

        Rows that left the window by the time of this report are dropped from the front first. For a while after a
        clear, reports are kept and not judged; many people may put the image before a moderator again.
        """
        events: list[Event] = []
        digest = tally_digest(self, report, events)
        tally = self.tallies.setdefault(digest, Tally())
        at = report.received_ms
        tally.expire(at - self.policy.window_seconds * 1000)
        is_new = count(self, report, tally)
        if len(tally.rows) >= NAMED_AT:
            tally.name = tally.name or report.image.id
        if tally.state is State.CLEARED and at >= tally.cleared_ms + days(self.policy.after_clear.immune_days):
            tally.state, tally.cleared_ms = State.OPEN, 0
        if tally.state.is_judged:
            self._judge(tally, (digest, report.image.id), events, (at, report.trace))
        elif tally.state is State.CLEARED:
            self._contest(tally, report)
        elif is_new:
            tally.score += fact_weight(self, tally.rows[report.reporter.fingerprint])
        return events

    def rejudge(self, at_ms: int, limit: int = 100) -> list[Event]:
        """Judge those again that may cross and were not judged for the longest time; return the events."""
        events: list[Event] = []
        oldest = sorted(self.pending.items(), key=lambda item: (item[1], item[0][0] + item[0][1].encode()))
        for (digest, image_id), _ in oldest[:limit]:
            tally = self.tallies.get(digest)
            del self.pending[digest, image_id]
            if tally and tally.state.is_judged:
                tally.expire(at_ms - self.policy.window_seconds * 1000)
                self._judge(tally, (digest, image_id), events, (at_ms, None))
        return events

    def remember(self) -> None:
        """Put before the next rejudgement whatever may cross under the policy of now, as compaction does."""
        for digest, tally in self.tallies.items():
            if tally.name and tally.state.is_judged:
                self.pending.setdefault((digest, tally.name), 0)

    def _judge(
        self, tally: Tally, subject: tuple[bytes, str], events: list[Event], moment: tuple[int, bytes | None]
    ) -> None:
        """Judge a tally under one of its images, digest and id; `moment` is when (Unix ms) and a report's trace."""
        (digest, image_id), at_ms = subject, moment[0]
        subjects = tally.copies or {digest: image_id}
        case = Case(digest, tally, tuple(subjects.values()), at_ms)
        before, verdict = tally.state, judge(self, case, events)
        tally.state = verdict.state
        if verdict.state is not before:
            kind = "released" if verdict.state is State.OPEN else verdict.state.public_name
            said = (kind, verdict.cause)
            events += [announce(self, tally, each, said, moment) for each in subjects.items()]
        if verdict.state is State.BLOCKED:
            tally.name = tally.name or image_id
            self.pending.pop((digest, tally.name), None)
        elif hopeful(self, tally) >= self.caps["lowest"]:
            tally.name = tally.name or image_id
            self.pending[digest, tally.name] = at_ms

    def _contest(self, tally: Tally, report: Report) -> None:
        enough = self.policy.after_clear.review_reporters
        if enough and len(voices(self, tally, report.received_ms)) >= enough:
            self.contested.add(report.image.id)
