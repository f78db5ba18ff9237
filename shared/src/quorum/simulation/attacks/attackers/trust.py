"""Attacks on what is learned of people: accuracy, warnings, mutes, trust.

Sources: S. Kamvar, M. Schlosser and H. Garcia-Molina, "The EigenTrust Algorithm" (2003): camouflaged collectives;
K. Hoffman, D. Zage and C. Nita-Rotaru (2009): self-promotion, whitewashing, slander.
"""

from quorum.moderation.decisions import Action
from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import Person, accounts, readers, trusted
from quorum.simulation.attacks.settings import Settings, Times, changed
from quorum.simulation.attacks.stories import BAD, DECOY, GOOD, images
from quorum.simulation.attacks.world import World

_EVEN: Settings = {"accuracy.most": 1.0}


@attack("known liars")
def twelve_of_twelve_unfounded(world: World) -> None:
    """Ten accounts whose twelve reports were all unfounded report the next image."""
    crew = accounts("crew", 10)
    _be_wrong(world, crew, 12)
    world.attack(crew, images(GOOD, 1))


@attack("known liars", {"abuse.share": 0.5})
def muted_too_late(world: World) -> None:
    """Four of a crew report an image and are muted; then a reader reports it, too."""
    [image] = images(GOOD, 1)
    crew = accounts("crew", 4)
    world.attack(crew, [image])
    world.mute(crew, days=30)
    world.help(readers(1), image)
    world.wait(hours=1)


@attack("taken back", {"people.blocks_per_day": Times(0.2)})
def taken_back_in_time(world: World) -> None:
    """Five sleepers report ten images a day for a month, and withdraw before moderators clear them."""
    crew = accounts("crew", 5, since_ms=world.before(days=7))
    for day in range(30):
        targets = images(GOOD, 10, first=10 * day)
        world.attack(crew, targets)
        world.wait(hours=1)
        world.withdraw(crew, targets)
        world.wait(hours=11)
        world.moderate()
        world.wait(hours=12)


@attack("known liars", {"people.blocks_per_day": Times(0.2)})
def cleared_every_evening(world: World) -> None:
    """Five sleepers report ten images a day for 45 days; moderators clear them every evening."""
    crew = accounts("crew", 5, since_ms=world.before(days=7))
    for day in range(45):
        world.attack(crew, images(GOOD, 10, first=10 * day))
        world.wait(hours=12)
        world.moderate()
        world.wait(hours=12)


@attack("camouflage", {"abuse.share": 0.5}, {"people.blocks_per_day": Times(0.2)})
def camouflage(world: World) -> None:
    """Ten sleepers report nine good images a day, and bad ones in fours, which moderators find and block; a month."""
    crew = accounts("crew", 10, since_ms=world.before(days=7))
    for day in range(31):
        world.attack(crew, images(GOOD, 9, first=9 * day) if day else [])
        found = world.upload(images(DECOY, 8 if day else 25, first=100 * day))
        for number, decoy in enumerate(found):
            world.attack([crew[(4 * number + place) % 10] for place in range(4)], [decoy])
        world.wait(hours=12)
        for decoy in found:
            world.decide(decoy, Action.BLOCK)
        world.moderate()
        world.wait(hours=12)


@attack("farmed accuracy", _EVEN)
def farmed_accuracy(world: World) -> None:
    """Four accounts report twelve bad images, which moderators block; a day later twenty good ones."""
    crew = accounts("crew", 4, since_ms=world.before(days=7))
    for image in world.upload(images(DECOY, 12)):
        world.attack(crew, [image])
        world.decide(image, Action.BLOCK)
    world.wait(days=1)
    world.attack(crew, images(GOOD, 20))


@attack("stolen trust", {"reporters.trusted": Times(0.6)}, {"min_reporters": Times(2)}, needs="a trusted flagger")
def a_stolen_flagger(world: World) -> None:
    """The stolen account of a trusted flagger and two accounts of an hour report twenty images."""
    crew = [trusted("flagger"), *accounts("crew", 2, since_ms=world.before(hours=1), first=1)]
    world.attack(crew, images(GOOD, 20))


@attack("stolen trust", needs="a trusted flagger")
def a_flagger_alone(world: World) -> None:
    """The stolen account alone."""
    world.attack([trusted("flagger")], images(GOOD, 1))


@attack("crying wolf", {"accuracy.least": 1.0}, {"accuracy.least": 1.0, "abuse.unfounded": 0})
def crying_wolf(world: World) -> None:
    """Somebody puts up ten pictures that only look bad; five readers are found wrong; then a bad one."""
    _cry_wolf(world, unfounded=True)


@attack("crying wolf")
def crying_wolf_forgiven(world: World) -> None:
    """The same, where moderators say that the reports were wrong and well meant (`"unfounded": false`)."""
    _cry_wolf(world, unfounded=False)


@attack("reasons")
def another_reason(world: World) -> None:
    """Three sleepers report an image, and then change to the reason that has the lowest bar."""
    crew = accounts("crew", 3, since_ms=world.before(days=7))
    world.attack(crew, images(GOOD, 1), reason=world.policy.reasons[-1].name)
    world.attack(crew, images(GOOD, 1))


@attack("a lower bar")
def a_lower_bar(world: World) -> None:
    """Four sleepers have reported an image; then the site lowers its threshold by a fifth."""
    world.attack(accounts("crew", 4, since_ms=world.before(days=7)), images(GOOD, 1))
    world.wait(hours=1)
    world.adopt(changed(world.policy, {"threshold": Times(0.8)}))
    world.wait(minutes=5)


def _cry_wolf(world: World, *, unfounded: bool) -> None:
    watchers = readers(5)
    for decoy in world.upload(images(DECOY, 10)):
        world.help(watchers, decoy)
        world.decide(decoy, Action.CLEAR, unfounded=unfounded)
        world.wait(days=1)
    world.help(watchers, images(BAD, 1)[0])
    world.wait(days=2)


def _be_wrong(world: World, crew: list[Person], times: int) -> None:
    """Let each person report so many images alone; moderators find every report unfounded."""
    for number, person in enumerate(crew):
        for image in images(DECOY, times, first=1000 + times * number):
            world.attack([person], [image])
            world.decide(image, Action.CLEAR)


ATTACKS = (
    *(
        twelve_of_twelve_unfounded,
        muted_too_late,
        taken_back_in_time,
        cleared_every_evening,
        camouflage,
        farmed_accuracy,
    ),
    *(a_stolen_flagger, a_flagger_alone, crying_wolf, crying_wolf_forgiven, another_reason, a_lower_bar),
)
