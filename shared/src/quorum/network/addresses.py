"""Addresses of readers, proxies and receivers, read once from text that others wrote.

An IPv6 address that only carries an IPv4 address is that IPv4 address, so that it has one name in fingerprints, muted
networks and checks.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_CHARACTERS = 100  # the longest address with zone and port is shorter

_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"  # RFC 7239, section 6: a number, or something that hides it
_WITH_PORT = re.compile(rf"\[(?P<bracketed>[^\[\]]+)\]{_PORT}|(?P<dotted>[0-9.]+){_PORT}|(?P<plain>[^\[\]]+)")

# Where an IPv4 address lies inside an IPv6 address, in bits from the right. An ISATAP address is not among them: its
# owner chooses the IPv4 part. Of 64:ff9b:1::/48 (RFC 8215) only this part tells where: elsewhere its operator decides.
_CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped: RFC 4291, section 2.5.5.2
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated: RFC 2765
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64: RFC 6052
    (IPv6Network("64:ff9b:1::/96"), 0),  # NAT64 for local use: RFC 8215
    (IPv6Network("2002::/16"), 80),  # 6to4: RFC 3056
)
_COMPATIBLE = IPv6Network("::/96")  # IPv4-compatible: RFC 4291, section 2.5.5.1; :: and ::1 are not
_TEREDO = IPv6Network("2001::/32")  # RFC 4380: the IPv4 address is at the right, its bits inverted
_IPV4_BITS = 0xFFFF_FFFF
_LEAST_COMPATIBLE = 1 << 24  # below lies 0.0.0.0/8, "this network"

# IANA IPv4 Special-Purpose Address Registry (2025-10-09), all of it: what it calls globally reachable is anycast of the
# nearest network. 192.88.99.0/24 was taken out of use by RFC 7526. Then multicast (RFC 5771).
_SPECIAL_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "224.0.0.0/4"),
    )
)

# IANA IPv6 Global Unicast Address Assignments (2025-10-10): what has been given to a regional registry. The rest of
# 2000::/3 belongs to nobody; Teredo and 6to4 are judged by the IPv4 address inside.
_ASSIGNED_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        *("2001:200::/23", "2001:400::/23", "2001:600::/23", "2001:800::/22", "2001:c00::/23", "2001:e00::/23"),
        *("2001:1200::/23", "2001:1400::/22", "2001:1800::/23", "2001:1a00::/23", "2001:1c00::/22", "2001:2000::/19"),
        *("2001:4000::/23", "2001:4200::/23", "2001:4400::/23", "2001:4600::/23", "2001:4800::/23", "2001:4a00::/23"),
        *("2001:4c00::/23", "2001:5000::/20", "2001:8000::/19", "2001:a000::/20", "2001:b000::/20", "2003::/18"),
        *("2400::/12", "2410::/12", "2600::/12", "2610::/23", "2620::/23", "2630::/12", "2800::/12", "2a00::/12"),
        *("2a10::/12", "2c00::/12"),
    )
)

# IANA IPv6 Special-Purpose Address Registry (2025-10-09): what of it lies inside of the blocks above.
_SPECIAL_IPV6 = (IPv6Network("2001:db8::/32"), IPv6Network("2620:4f:8000::/48"))
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214: an interface id that begins so ends in an IPv4 address


def parse_address(text: str) -> Address | None:
    """Return the address that `text` names, None where it names none.

    A port, brackets, quotes and a zone are left out: `203.0.113.7:51008`, `"[2001:db8::1]:443"`, `fe80::1%eth0`.
    """
    return _read(text) if len(text) <= MAX_CHARACTERS else None


@lru_cache(maxsize=4096)  # the same proxies and readers come again and again
def _read(text: str) -> Address | None:
    found = _WITH_PORT.fullmatch(_unquoted(text.strip(" \t")))
    if not found:
        return None
    bare, percent, zone = (found["bracketed"] or found["dotted"] or found["plain"]).partition("%")
    if percent and not zone:
        return None
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return _inside(address) or address


def parse_network(text: str) -> Network:
    """Return the network that `text` names in CIDR notation. Raises ValueError that says how to write it."""
    network = ip_network(text)
    if isinstance(network, IPv6Network) and any(network.subnet_of(carrier) for carrier in _carriers()):
        raise ValueError(f"{text} only carries IPv4 addresses, which count as such; give the IPv4 network")
    return network


# Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291): a site's own machines and office.
_INSIDE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def is_inside(address: Address) -> bool:
    """Tell whether an address means nothing beyond the network that this runs in: it does not tell who is alike."""
    return is_within(address, _INSIDE)


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in one of `networks`."""
    return any(address in network for network in networks)


def is_global_unicast(address: Address) -> bool:
    """Tell whether an address is one host of the public Internet, by the registries of IANA and nothing else.

    What they do not know or keep for a special purpose is not: neither private nor shared networks, multicast, anycast
    services, examples, benchmarks, nor what nobody has been given.
    """
    if isinstance(address, IPv6Address):
        inside = _inside(address)
        if inside is None:
            return (
                is_within(address, _ASSIGNED_IPV6) and not is_within(address, _SPECIAL_IPV6) and _tunnels_well(address)
            )
        address = inside
    return not is_within(address, _SPECIAL_IPV4)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1] if quoted else text


def _inside(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    value = int(address)
    for carrier, right in _CARRIERS:
        if address in carrier:
            return IPv4Address(value >> right & _IPV4_BITS)
    if address in _TEREDO:
        return IPv4Address(~value & _IPV4_BITS)
    if address in _COMPATIBLE and value >= _LEAST_COMPATIBLE:
        return IPv4Address(value)
    return None


def _carriers() -> Iterable[IPv6Network]:
    return (*(carrier for carrier, _ in _CARRIERS), _TEREDO)


def _tunnels_well(address: IPv6Address) -> bool:
    """Tell whether an address is no ISATAP one, or leads to a public IPv4 address."""
    interface = int(address) & (1 << 64) - 1
    return interface >> 32 not in _ISATAP or is_global_unicast(IPv4Address(interface & _IPV4_BITS))
