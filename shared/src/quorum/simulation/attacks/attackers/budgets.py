"""Attacks on what bounds automatic blocks: the budgets of people, the shields, the moderators' queue.

Sources: K. Hoffman, D. Zage and C. Nita-Rotaru, "A Survey of Attack and Defense Techniques for Reputation Systems"
(2009): denial of service; Reddit's help page "What is report abuse?": reports that are to flood the moderators.
"""

from quorum.moderation.decisions import Action
from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import accounts, readers
from quorum.simulation.attacks.settings import Settings, Times
from quorum.simulation.attacks.stories import BAD, DECOY, GOOD, HOUR_MS, INVENTED, images
from quorum.simulation.attacks.world import World

_SLOWER: Settings = {"limits.reporter": Times(0.1)}


@attack("crews")
def invented_ids(world: World) -> None:
    """Five sleepers report twenty ids that do not exist; then five readers report a bad image."""
    world.attack(accounts("crew", 5, since_ms=world.before(days=7)), images(INVENTED, 20))
    world.help(readers(5), images(BAD, 1)[0])
    world.wait(hours=1)


@attack("sleepers", {"people.blocks_per_day": Times(0.2)}, {"threshold": Times(2)})
def four_thousand_first(world: World) -> None:
    """Five sleepers first report 4,000 images once each, then twenty together."""
    crew = accounts("crew", 5, since_ms=world.before(days=7))
    for number, image in enumerate(images(INVENTED, 4000)):
        world.attack([crew[number % 5]], [image])
    world.attack(crew, images(GOOD, 20))


@attack("crews", {"shields.blocks_per_hour": Times(1 / 3)}, {"threshold": Times(2)})
def twelve_crews(world: World) -> None:
    """Twelve crews of five sleepers, ten images each, within the hour."""
    for number in range(12):
        crew = accounts("crew", 5, since_ms=world.before(days=7), first=5 * number)
        world.attack(crew, images(GOOD, 10, first=10 * number))


@attack("shields", {"shields.factor": 1.5}, {"shields.blocks_per_hour": 0, "shields.blocks_per_day": 0})
def shields_up_against_readers(world: World) -> None:
    """Six crews of five raise the shields with invented ids; five readers each report 20 bad images."""
    _raise_shields(world, 0)
    for number in range(20):
        world.help(readers(5, first=5 * number), images(BAD, 1, first=number)[0])
    world.wait(hours=3)


@attack("shields", {"shields.up_minutes": Times(1 / 6)}, {"shields.blocks_per_hour": 0, "shields.blocks_per_day": 0})
def shields_up_all_morning(world: World) -> None:
    """The same four times, with new crews once the shields are down; a bad image each time."""
    for number in range(4):
        _raise_shields(world, number)
        world.help(readers(5, first=5 * number), images(BAD, 1, first=number)[0])
        world.wait(minutes=61)
    world.wait(hours=1)


def _raise_shields(world: World, turn: int) -> None:
    for number in range(6):
        crew = accounts("crew", 5, since_ms=world.before(days=7), first=100 * turn + 5 * number)
        world.attack(crew, images(INVENTED, 10, first=100 * turn + 10 * number))
    world.attack(crew, images(INVENTED, 1, first=100 * turn + 99))  # the next that would cross raises them


@attack("queue", _SLOWER)
def a_full_queue(world: World) -> None:
    """Five sleepers report invented ids together for an hour, as fast as the limits let them."""
    crew, end = accounts("crew", 5, since_ms=world.before(days=7)), world.now + HOUR_MS
    for image in images(INVENTED, 2000):
        if world.now < end:
            world.attack(crew, [image])


@attack("queue", {"people.blocks_per_day": Times(0.2)})
def a_queue_that_is_worked_off(world: World) -> None:
    """Five sleepers report a hundred images a day for ten days; moderators clear them every evening."""
    crew = accounts("crew", 5, since_ms=world.before(days=7))
    for day in range(10):
        world.attack(crew, images(GOOD, 100, first=100 * day))
        world.wait(hours=12)
        world.moderate()
        world.wait(hours=12)


@attack("contest", {"after_clear.review_reporters": Times(3)})
def cleared_again_and_again(world: World) -> None:
    """Ten sleepers report a hundred cleared images, daily for ten days; moderators clear them again."""
    cleared, crew = images(GOOD, 100), accounts("crew", 10, since_ms=world.before(days=7))
    for image in cleared:
        world.attack(crew[:1], [image])
        world.decide(image, Action.CLEAR, unfounded=False)
    for _ in range(10):
        world.attack(crew, cleared)
        world.wait(hours=12)
        world.moderate()
        world.wait(hours=12)


@attack("decoys", {"people.blocks_per_day": Times(5)})
def decoys(world: World) -> None:
    """The owner of a bad picture puts ten others up, on which the five regular readers spend their day."""
    regulars = readers(5)
    for decoy in world.upload(images(DECOY, 10)):
        world.help(regulars, decoy)
    world.help(regulars, images(BAD, 1)[0])
    world.wait(days=2)


ATTACKS = (
    *(invented_ids, four_thousand_first, twelve_crews, shields_up_against_readers, shields_up_all_morning),
    *(a_full_queue, a_queue_that_is_worked_off, cleared_again_and_again, decoys),
)
