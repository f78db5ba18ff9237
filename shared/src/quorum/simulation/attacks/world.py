"""A site in simulated time: a clock, the tally, a sweeper that judges again, and moderators."""

from collections import Counter
from collections.abc import Iterable, Iterator

from quorum.errors import DecisionRefused
from quorum.events.event import BLOCKED, HELD, SHIELDS_RAISED, UNBLOCKED
from quorum.images.content import Content
from quorum.images.image import Image, parse_image
from quorum.judgement.caps.budgets import DAY_SECONDS
from quorum.judgement.records import Event, Kind, Report, State, Tally
from quorum.judgement.waiting import Cause
from quorum.moderation.decisions import Action, Decision, decide_in_model
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy, Reason
from quorum.simulation.attacks.crews import MINUTE_MS, Person
from quorum.simulation.attacks.stories import BAD, DAY_MS, DECOY, HOUR_MS, SECOND_MS, Cost, Story
from quorum.tally.model import TallyModel

START_MS = 1_760_000_041_234  # early in a minute
SWEEP_MS = 30_000  # workers sweep every two seconds, and judge 200 images again each time
SECONDS_BETWEEN_ATTACKS, SECONDS_BETWEEN_READERS = 0.05, 10
FOREVER = 2**60


class World:
    """What happens to a site. Under `attacked=False` the attackers' reports do not arrive: to compare with."""

    def __init__(self, policy: Policy, *, attacked: bool = True, partitions: int = 1) -> None:
        self.policy = policy
        self.attacked = attacked
        self.now = START_MS
        self.stories: dict[str, Story] = {}
        self.cost = Cost()
        self.shields_raised = 0
        self.queued = 0  # times that an image was put before moderators
        self._tallies = [TallyModel(policy, partitions) for _ in range(partitions)]
        self._images: dict[str, Image] = {}
        self._sent: Counter[bytes | int] = Counter()  # this minute, by person and by network
        self._minute = 0
        self._changed_ms = 0  # when something was last changed by hand
        self._swept_ms = START_MS // SWEEP_MS * SWEEP_MS

    def before(self, *, days: float = 0, hours: float = 0) -> int:
        """Return the time so long ago (Unix ms), as the age of an account is given."""
        return self.now - round(days * DAY_MS + hours * HOUR_MS)

    def attack(
        self, crew: Iterable[Person], targets: Iterable[Image], content: Content | None = None, reason: str = ""
    ) -> None:
        """Let everybody of a crew report every image, image after image, with the reason that goes furthest."""
        crew, reason = list(crew), reason or easiest_reason(self.policy)
        for image in targets if self.attacked else ():
            for person in crew:
                self._send(person, image, reason, content)
                self.cost.pay(person, self.now)
                self.wait(seconds=SECONDS_BETWEEN_ATTACKS)

    def withdraw(self, crew: Iterable[Person], targets: Iterable[Image]) -> None:
        """Let everybody of a crew take their reports back."""
        crew = list(crew)
        for image in targets if self.attacked else ():
            for person in crew:
                self._send(person, image, "", None, Kind.WITHDRAWAL)
                self.cost.pay(person, self.now)

    def upload(self, pictures: list[Image]) -> list[Image]:
        """Put the attackers' pictures on the site; return those that are there now."""
        self.cost.uploads += len(pictures)
        return pictures if self.attacked else []

    def help(self, people: Iterable[Person], target: Image, content: Content | None = None) -> None:
        """Let honest readers report an image, one after the other."""
        for person in people:
            story = self._story(target)
            if story.blocked_ms is None:
                story.readers.add(person.fingerprint)
            if story.first_ms is None:
                story.first_ms = self.now
            self._send(person, target, self.policy.reasons[0].name, content)
            self.wait(seconds=SECONDS_BETWEEN_READERS)

    def _send(
        self, person: Person, image: Image, reason: str, content: Content | None, kind: Kind = Kind.REPORT
    ) -> None:
        """Send a report; who has spent the minute's limit waits for the next minute, as the answer 429 asks for."""
        limits = self.policy.limits
        self._roll_minute()
        spent = limits.reporter and self._sent[person.fingerprint] >= limits.reporter
        if spent or (person.networks.near and limits.network and self._sent[person.networks.near] >= limits.network):
            self.wait(seconds=(MINUTE_MS - self.now % MINUTE_MS) / SECOND_MS)
            self._roll_minute()
        self._sent[person.fingerprint] += 1
        self._sent[person.networks.near] += 1
        story, model = self._story(image), self._model(image)
        shared, pdq = (content.digest, content.pdq) if content else (None, None)
        waited = image.id in model.causes
        report = Report(image, person.at(self.now), reason, self.now, shared, pdq=pdq, kind=kind)
        self._note(model.apply(report))
        self.queued += not waited and model.causes.get(image.id) is Cause.CONTESTED
        tally = self.tally(image)
        if tally.state.is_judged:
            story.points = max(story.points, tally.score)

    def _roll_minute(self) -> None:
        if self.now // MINUTE_MS != self._minute:
            self._minute = self.now // MINUTE_MS
            self._sent.clear()

    def wait(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let time pass; what may cross is judged again meanwhile."""
        span = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS
        end = self.now + round(span)
        last = end // SWEEP_MS * SWEEP_MS
        while self._swept_ms < last and (due := self._next_sweep()) <= end:
            self.now = self._swept_ms = due
            for model in self._tallies:
                self._note(model.rejudge(self.now, len(model.pending)))
        self.now, self._swept_ms = end, last

    def _next_sweep(self) -> int:
        """Return when the sweeper next finds something changed, on a grid of SWEEP_MS."""
        moments = [at for model in self._tallies if model.pending for at in turning_points(model)]
        soonest = min((at for at in (*moments, self._changed_ms) if at > self._swept_ms), default=FOREVER)
        return -(-soonest // SWEEP_MS) * SWEEP_MS

    def decide(self, image: Image, action: Action, *, unfounded: bool = True) -> None:
        """Let a moderator decide about an image that somebody has reported; of others they know nothing."""
        model = self._model(image)
        if model.with_rows(image.digest).rows or self.tally(image).state is not State.OPEN:
            decision = Decision(action, "moderator", self.now, unfounded=unfounded)
            try:
                self._note(decide_in_model(model, image, decision))
            except DecisionRefused:
                return
            self._changed_ms = self.now

    def moderate(self) -> None:
        """Let moderators go through whatever is blocked or waits for them, and judge it as it is."""
        for name, story in list(self.stories.items()):
            image = self._images[name]
            state = self.tally(image).state
            if name in self._model(image).causes or state is State.BLOCKED:
                self.decide(image, Action.UPHOLD if story.kind in {BAD, DECOY} else Action.CLEAR)

    def mute(self, people: Iterable[Person], days: float) -> None:
        """Mute people by hand, as `quorum reporters mute` does."""
        for person in people:
            for model in self._tallies:
                until = (self.now + round(days * DAY_MS)) // MINUTE_MS
                model.standings[person.fingerprint] = Standing(muted_until=until)
        self._changed_ms = self.now

    def learn(self, person: Person, *, upheld: int, unfounded: int) -> None:
        """Give somebody a history of decided reports."""
        for model in self._tallies:
            model.standings[person.fingerprint] = Standing(upheld=upheld, unfounded=unfounded)

    def raise_shields(self) -> None:
        """Raise the shields by hand, as `quorum shields raise` does."""
        for model in self._tallies:
            model.shield.up_until = self.now + model.caps["shields_ms"]

    def tell_views(self, image: Image, views: int) -> None:
        """Tell how often an image was seen."""
        self._model(image).views[image.digest] = views

    def adopt(self, policy: Policy) -> None:
        """Put another policy in place; what it lets cross is judged again."""
        self.policy = policy
        for model in self._tallies:
            model.policy, model.caps = policy, policy.numbers(len(self._tallies))
            model.remember()
        self._changed_ms = self.now

    def tally(self, image: Image) -> Tally:
        """Return the tally of an image; the rows of copies lie in that of their picture."""
        return self._model(image).tallies.get(image.digest, Tally())

    def standings(self) -> dict[bytes, Standing]:
        """Return what was learned of people, in the partition that learned it last."""
        return {person: known for model in self._tallies for person, known in model.standings.items()}

    def waiting(self, *kinds: str) -> int:
        """Return how many images, of some kinds or of all, wait for a moderator now."""
        return sum(
            image.id in self._model(image).causes
            for image in self._images.values()
            if not kinds or self.stories[image.id].kind in kinds
        )

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            if event["type"] == SHIELDS_RAISED:
                self.shields_raised += 1
                continue
            story = self._story(parse_image(event["subject"]))
            if event["type"] == BLOCKED:
                story.blocked_ms, story.was_blocked = self.now, True
            elif event["type"] == UNBLOCKED:
                story.blocked_ms = None
            elif event["type"] == HELD:
                self.queued += 1
                story.causes[event["data"].get("cause", "")] += 1

    def _story(self, image: Image) -> Story:
        if image.id not in self.stories:
            self._images[image.id] = image
            self.stories[image.id] = Story(image.id.partition("-")[0])
        return self.stories[image.id]

    def _model(self, image: Image) -> TallyModel:
        return self._tallies[image.partition(len(self._tallies))]


def turning_points(model: TallyModel) -> Iterator[int]:
    """Yield when verdicts may change though nobody reports (Unix ms): shields, budgets, mutes, warnings, windows."""
    policy, most = model.policy, model.policy.people.blocks_per_day
    yield model.shield.up_until
    for times in model.budgets.values() if most else ():
        if len(times) >= most:
            yield (times[-most] + DAY_SECONDS) * SECOND_MS
    for standing in model.standings.values():
        yield standing.muted_until * MINUTE_MS
        yield standing.warned * MINUTE_MS + round(policy.abuse.mute_days * DAY_MS)
    for digest, _ in model.pending:
        tally = model.tallies.get(digest)
        if tally and tally.rows:
            yield next(iter(tally.rows.values())).received_ms + policy.window_seconds * SECOND_MS


def easiest_reason(policy: Policy) -> str:
    """Return the reason with which the fewest people get an image blocked."""

    def people_needed(reason: Reason) -> float:
        threshold = min(policy.threshold, reason.bar.threshold) if reason.bar else policy.threshold
        return threshold / reason.weight if reason.weight else float("inf")

    return min(policy.reasons, key=people_needed).name
