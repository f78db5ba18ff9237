"""The tally in pure Python: the reference that property tests hold the script to, and the engine of simulations.

Time is the time of the reports themselves (Unix milliseconds, stamped by Redis on arrival), so the same reports in
the same order always give the same result. Twins: drain.lua and rejudge.lua.
"""

from quorum.judgement.announcing import announce
from quorum.judgement.arrivals.acts import ACTS
from quorum.judgement.arrivals.counting import count
from quorum.judgement.figures.days import OTHER
from quorum.judgement.figures.days import count as count_figures
from quorum.judgement.records import Book, Event, Kind, Report, State, Tally
from quorum.judgement.verdict import Case, judge
from quorum.judgement.waiting import Cause
from quorum.judgement.weighing import fact_weight, hopeful, voices
from quorum.policy.model import days

AT_ONCE = 16  # copies that are judged with one that crosses; more follow with the next rejudgement
NAMED_AT = 2  # reporters from whom on an image's id is kept, so that it can be judged without a report


class TallyModel(Book):
    """Applies reports one by one, as the atomic script does to a batch."""

    def apply(self, report: Report) -> list[Event]:
        """Count a report and judge the image, or do what else came in; return the events that it causes.

        Rows that left the window by the time of this report are dropped from the front first. For a while after a
        clear, reports are kept and not judged; many people may put the image before a moderator again.
        """
        events: list[Event] = []
        own, at = report.image.digest, report.received_ms
        if report.kind is Kind.REPORT:
            reason = report.reason if report.reason in self.policy.reason_names else OTHER
            count_figures(self.days, at, [f"reports:{reason}"])
        oldest = at - self.policy.window_seconds * 1000
        self.tallies.setdefault(own, Tally())
        alone = self.with_rows(own)
        alone.expire(oldest)
        if not ACTS[report.kind](self, report, events):
            return events
        image, holder = self.tallies[own], self.with_rows(own)
        holder.expire(oldest)
        hoped = hopeful(self, holder) if holder is alone else 0
        is_new = report.kind is Kind.REPORT and count(self, report, holder)
        if image.state is State.CLEARED and at >= image.cleared_ms + days(self.policy.after_clear.immune_days):
            image.state, image.cleared_ms = State.OPEN, 0
        if image.state.is_judged:
            before = image.state
            self._judge((own, report.image.id), events, (at, report.trace))
            self._spread(own, before, hoped, events, (at, report.trace))
        elif image.state is State.CLEARED and report.kind is Kind.REPORT:
            self._contest(holder, report)
        elif is_new:
            image.score += fact_weight(self, holder.rows[report.reporter.fingerprint])
        return events

    def rejudge(self, at_ms: int, limit: int = 100) -> list[Event]:
        """Judge those again that may cross and were not judged for the longest time; return the events."""
        events: list[Event] = []
        oldest = sorted(self.pending.items(), key=lambda item: (item[1], item[0][0] + item[0][1].encode()))
        for (digest, image_id), _ in oldest[:limit]:
            image = self.tallies.get(digest, Tally())
            del self.pending[digest, image_id]
            if image.state.is_judged:
                self.tallies[digest] = image
                self.with_rows(digest).expire(at_ms - self.policy.window_seconds * 1000)
                self._judge((digest, image_id), events, (at_ms, None))
        return events

    def remember(self) -> None:
        """Put before the next rejudgement whatever may cross under the policy of now, as compaction does."""
        for digest, tally in self.tallies.items():
            for subject in tally.copies.items() or [(digest, tally.name)]:
                if subject[1] and tally.state.is_judged and hopeful(self, tally) >= self.caps["lowest"]:
                    self.pending.setdefault(subject, 0)

    def _judge(self, subject: tuple[bytes, str], events: list[Event], moment: tuple[int, bytes | None]) -> None:
        """Judge an image, digest and id; `moment` is when (Unix ms) and a report's trace."""
        digest, at_ms = subject[0], moment[0]
        image = self.tallies[digest]
        before, verdict = image.state, judge(self, Case(*subject, at_ms), events)
        image.state = verdict.state
        if verdict.state is not before:
            kind = "released" if verdict.state is State.OPEN else verdict.state.public_name
            events.append(announce(self, subject, (kind, verdict.cause), moment))
        if verdict.state is State.BLOCKED:
            image.blocked_ms, image.name = at_ms, ""
            self.pending.pop(subject, None)
            return
        holder = self.with_rows(digest)
        if hopeful(self, holder) >= self.caps["lowest"]:
            image.name = subject[1]
            self.pending[subject] = at_ms
        elif len(holder.rows) >= NAMED_AT:
            image.name = subject[1]

    def _spread(
        self, own: bytes, before: State, hoped: int, events: list[Event], moment: tuple[int, bytes | None]
    ) -> None:
        """Let the others with the same picture be judged again; where this one has crossed, the first of them now."""
        picture, state = self.with_rows(own), self.tallies[own].state
        crossed = state is not before and state is not State.OPEN
        if not crossed and not hoped < self.caps["lowest"] <= hopeful(self, picture):
            return
        others = [subject for subject in picture.copies.items() if subject[0] != own]
        for place, subject in enumerate(others):
            if not crossed:
                self.pending.setdefault(subject, 0)
            elif place >= AT_ONCE:
                self.pending[subject] = 0
            elif self.tallies.setdefault(subject[0], Tally()).state.is_judged:
                self._judge(subject, events, moment)

    def _contest(self, tally: Tally, report: Report) -> None:
        enough = self.policy.after_clear.review_reporters
        if enough and len(voices(self, tally, report.received_ms)) >= enough:
            self.causes.setdefault(report.image.id, Cause.CONTESTED)
