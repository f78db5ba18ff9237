"""Attacks by way of copies: images with the same picture share a tally.

Source: B. Dolhansky and C. Canton Ferrer, "Adversarial Collision Attacks on Image Hashing Functions" (2020): two
pictures can be given one perceptual hash. Hashes come from the site's backend, which takes them of what was uploaded.
"""

from hashlib import sha256

from quorum.images.content import Content, parse_content
from quorum.moderation.decisions import Action
from quorum.policy.model import Bar, ImageRule
from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import accounts, readers
from quorum.simulation.attacks.settings import changed
from quorum.simulation.attacks.stories import BAD, DECOY, GOOD, images
from quorum.simulation.attacks.world import World

_NEEDS = "`content_hash` is sent"
_PDQ = int.from_bytes(sha256(b"a picture").digest(), "big")


def picture(changed_bits: int = 0) -> Content:
    """Return the PDQ hash of a picture, with so many of its bits changed."""
    return parse_content(f"pdq:{_PDQ ^ ((1 << changed_bits) - 1):064x}")


@attack("collisions", needs=_NEEDS)
def hash_of_a_blocked_picture(world: World) -> None:
    """Five readers have a picture blocked; a throw-away reports a good one made to have its hash."""
    world.help(readers(5), images(BAD, 1)[0], picture())
    world.attack(accounts("crew", 1, since_ms=world.now), images(GOOD, 1), picture(20))


@attack("collisions", needs=_NEEDS)
def a_sleeper_with_the_hash(world: World) -> None:
    """The same, reported by a sleeper."""
    world.help(readers(5), images(BAD, 1)[0], picture())
    world.attack(accounts("crew", 1, since_ms=world.before(days=7)), images(GOOD, 1), picture(20))


@attack("collisions", needs=_NEEDS)
def twenty_hashes_of_it(world: World) -> None:
    """The same with twenty good ones."""
    world.help(readers(5), images(BAD, 1)[0], picture())
    world.attack(accounts("crew", 1, since_ms=world.before(days=7)), images(GOOD, 20), picture(20))


@attack("collisions", needs=_NEEDS)
def four_voices_carried_over(world: World) -> None:
    """Four readers have reported a decoy; a sleeper reports a good picture made to have its hash."""
    for decoy in world.upload(images(DECOY, 1)):
        world.help(readers(4), decoy, picture())
    world.attack(accounts("crew", 1, since_ms=world.before(days=7)), images(GOOD, 1), picture(20))


@attack("collisions", needs=_NEEDS)
def behind_a_cleared_picture(world: World) -> None:
    """The owner of a bad picture gives it the hash of a cleared one; then five readers report it."""
    [good] = images(GOOD, 1)
    world.attack(accounts("crew", 1), [good], picture())
    world.decide(good, Action.CLEAR)
    world.help(readers(5), images(BAD, 1)[0], picture(20))
    world.wait(hours=1)


@attack("collisions", needs=_NEEDS)
def cleared_with_a_twin(world: World) -> None:
    """A bad picture shares the tally of a harmless one, which is cleared; then 50 readers report it."""
    [good], [bad] = images(GOOD, 1), images(BAD, 1)
    world.attack(accounts("crew", 1), [good, bad], picture())
    world.decide(good, Action.CLEAR)
    world.help(readers(50), bad, picture(20))
    world.wait(hours=1)


@attack("collisions", needs=_NEEDS + "; a protected image")
def behind_a_protected_image(world: World) -> None:
    """A bad picture is given the hash of a protected one; then 50 readers report it."""
    [good], [bad] = images(GOOD, 1), images(BAD, 1)
    rule = ImageRule(good.id, Bar(world.policy.threshold, world.policy.min_reporters), protected=True)
    world.adopt(changed(world.policy, {"images": (rule,)}))
    world.attack(accounts("crew", 1), [good], picture())
    world.help(readers(50), bad, picture(20))
    world.wait(hours=1)


ATTACKS = (
    *(
        hash_of_a_blocked_picture,
        a_sleeper_with_the_hash,
        twenty_hashes_of_it,
        four_voices_carried_over,
        behind_a_cleared_picture,
    ),
    *(cleared_with_a_twin, behind_a_protected_image),
)
