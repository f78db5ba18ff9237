"""People who look alike, and botnets that do not.

Sources: X. Mi et al., "Resident Evil: Understanding Residential IP Proxy as a Dark Service" (IEEE S&P 2019): millions
of addresses of 52,000 providers for rent; L. Penrose (1946) and pairwise-bounded funding (2019) for what is done.
"""

from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import (
    HONEST,
    accounts,
    anonymous,
    everywhere,
    one_address,
    one_near,
    one_wide,
    one_wide_v6,
)
from quorum.simulation.attacks.settings import Settings, Times
from quorum.simulation.attacks.stories import GOOD, images
from quorum.simulation.attacks.world import World

_NO_ANONYMOUS: Settings = {"reporters.anonymous": 0.0}
_LITTLE: Settings = {"reporters.anonymous": Times(0.4)}
_ANONYMOUS = "anonymous reports are on"


@attack("one place")
def five_tokens_of_one_address(world: World) -> None:
    """Five long-known accounts with tokens report from one address in one second."""
    world.attack(accounts("crew", 5, one_address), images(GOOD, 1))


@attack("one place", needs=_ANONYMOUS)
def ten_of_one_16(world: World) -> None:
    """Ten anonymous readers of ten /24 of one /16."""
    world.attack(anonymous(10, one_wide), images(GOOD, 1))


@attack("one place", needs=_ANONYMOUS)
def ten_of_one_32(world: World) -> None:
    """Ten anonymous readers of ten /48 of one /32."""
    world.attack(anonymous(10, one_wide_v6), images(GOOD, 1))


@attack("one place", needs=_ANONYMOUS)
def all_of_one_24(world: World) -> None:
    """All 256 addresses of one /24, anonymously."""
    world.attack(anonymous(256, one_near), images(GOOD, 1))


@attack("one place", _NO_ANONYMOUS, needs=_ANONYMOUS)
def sixty_of_one_16(world: World) -> None:
    """One address of each of sixty /24 of one /16, anonymously."""
    world.attack(anonymous(60, one_wide), images(GOOD, 20))


@attack("one place")
def an_office_of_sleepers(world: World) -> None:
    """A hundred accounts that slept for a week, all behind one address."""
    crew = accounts("crew", 100, one_address, since_ms=world.now)
    world.wait(days=7)
    world.attack(crew, images(GOOD, 1))


@attack("proxies", _NO_ANONYMOUS, _LITTLE, needs=_ANONYMOUS)
def ten_proxies(world: World) -> None:
    """Ten rented proxies in ten /16 report twenty images anonymously."""
    world.attack(anonymous(10), images(GOOD, 20))


@attack("proxies", _NO_ANONYMOUS, _LITTLE, needs=_ANONYMOUS)
def six_hundred_proxies(world: World) -> None:
    """Six hundred proxies report two hundred images anonymously, ten proxies each image."""
    for number in range(200):
        world.attack(anonymous(10, first=10 * (number % 60)), images(GOOD, 1, first=number))
    world.wait(hours=3)


@attack("proxies", _NO_ANONYMOUS, _LITTLE, needs=_ANONYMOUS + " beside tokens")
def a_mixed_crew(world: World) -> None:
    """Three sleepers and four proxies report twenty images."""
    crew = accounts("crew", 3, since_ms=world.before(days=7)) + anonymous(4, first=100)
    world.attack(crew, images(GOOD, 20))


@attack("three in one", _NO_ANONYMOUS, _LITTLE, needs=_ANONYMOUS + " beside tokens")
def three_people_thrice(world: World) -> None:
    """Three people, each with an old account at home, and anonymously by phone and by VPN."""
    crew = accounts("crew", 3) + anonymous(3, everywhere, first=100) + anonymous(3, everywhere, first=200)
    world.attack(crew, images(GOOD, 20))


@attack("three in one", _NO_ANONYMOUS, needs=_ANONYMOUS + " beside tokens")
def at_home_alone(world: World) -> None:
    """Three people, each with an account and anonymously from the same address."""
    world.attack(accounts("crew", 3) + anonymous(3), images(GOOD, 1))


@attack("on readers' backs", {"threshold": Times(2)})
def on_readers_backs(world: World) -> None:
    """Three honest readers err about an image; two sleepers do the rest."""
    [image] = images(GOOD, 1)
    world.help(accounts("reader", 3, first=HONEST), image)
    world.attack(accounts("crew", 2, since_ms=world.before(days=7)), [image])


ATTACKS = (
    *(five_tokens_of_one_address, ten_of_one_16, ten_of_one_32, all_of_one_24, sixty_of_one_16, an_office_of_sleepers),
    *(ten_proxies, six_hundred_proxies, a_mixed_crew, three_people_thrice, at_home_alone, on_readers_backs),
)
