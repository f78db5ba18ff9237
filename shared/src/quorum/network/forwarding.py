"""Who is at the other end of a request that may have come through reverse proxies."""

from collections.abc import Callable, Iterable
from typing import Any

from quorum.network.addresses import Address, Network, is_within, parse_address

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_SCHEMES = frozenset({"http", "https"})


class Forwarding:
    """Reads what trusted proxies say of a request: exactly `hops` of them, the last one in `trusted` if that is given.

    Each proxy appends what it saw to the right of a header. So the value that counts is the one `hops` from the right;
    what is left of it may be anybody's invention.
    """

    def __init__(self, hops: int = 0, trusted: tuple[Network, ...] = ()) -> None:
        self._hops = hops
        self._trusted = trusted

    def client(self, peer: str | None, forwarded_for: str | None) -> Address | None:
        """Return the address of the client, None when it is not known.

        `peer` is the address that has connected, `forwarded_for` all values of X-Forwarded-For, joined by commas.
        """
        connected = parse_address(peer) if peer else None
        stated = self._stated(connected, forwarded_for)
        return connected if stated is None else parse_address(stated)

    def scheme(self, peer: str | None, forwarded_proto: str | None) -> str | None:
        """Return http or https, as the outermost proxy was called; None where no proxy says so."""
        stated = self._stated(parse_address(peer) if peer else None, forwarded_proto)
        return stated.strip() if stated and stated.strip() in _SCHEMES else None

    def is_proxied(self, peer: str | None) -> bool:
        """Tell whether a trusted proxy has connected, so that its headers count."""
        return bool(self._hops) and self._trusts(parse_address(peer) if peer else None)

    def _stated(self, connected: Address | None, values: str | None) -> str | None:
        """Return the value that the outermost trusted proxy has set, None when it has set none."""
        if not self._hops or not values or not self._trusts(connected):
            return None
        stated = values.rsplit(",", self._hops)
        return stated[-self._hops] if len(stated) >= self._hops else None

    def _trusts(self, connected: Address | None) -> bool:
        return not self._trusted or (connected is not None and is_within(connected, self._trusted))


def with_scheme(app: WsgiApp, forwarding: Forwarding) -> WsgiApp:
    """Return a WSGI application that knows whether its client came by http or https."""

    def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        scheme = forwarding.scheme(environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_PROTO"))
        if scheme:
            environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    return told


def client_of(forwarding: Forwarding, environ: dict[str, Any]) -> Address | None:
    """Return the address of the client of a WSGI request, None when it is not known."""
    return forwarding.client(environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR"))
