"""Connections of aiohttp that go to given addresses only, and end when too much comes back.

aiohttp bounds each header and their number, and we read but the beginning of a body; nothing bounds how many interim
answers (1xx) come first. So the bytes are counted where they arrive.
"""

import socket
import ssl
from functools import partial
from typing import Any

from aiohttp import TCPConnector, hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler


class PinnedConnector(TCPConnector):
    """Connects to the first of the addresses that takes it, whatever the name; reads `limit` bytes at most."""

    def __init__(self, addresses: list[str], tls: ssl.SSLContext, limit: int) -> None:
        super().__init__(resolver=_Pinned(addresses), use_dns_cache=False, force_close=True, ssl=tls)
        self._factory: Any = partial(_Bounded, limit, loop=self._loop)

    def _update_proxy_auth_header_and_build_proxy_req(self, req: Any) -> Any:
        """Name the address in Host, too, when a proxy is asked to connect: aiohttp would name the receiver there."""
        asked: Any = super()._update_proxy_auth_header_and_build_proxy_req(req)
        asked.headers[hdrs.HOST] = f"{req.url.host_subcomponent}:{req.url.port}"
        return asked


class _Bounded(ResponseHandler):
    """Hangs up on who says more than `room` bytes; what came before them counts."""

    def __init__(self, room: int, **options: Any) -> None:
        super().__init__(**options)
        self._room = room

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection."""
        self._room -= len(data)
        super().data_received(data if self._room >= 0 else data[: self._room])
        if self._room < 0:
            self.abort()


class _Pinned(AbstractResolver):
    """Gives the addresses that were checked, whatever it is asked for."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        """Return them as aiohttp wants them."""
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=flags,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""
