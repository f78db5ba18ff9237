"""Where API keys are kept: one hash, id -> JSON. Revoked keys stay, so that the list tells who had access and when."""

import json
from collections.abc import Callable
from threading import Lock
from time import monotonic

from redis import Redis

from quorum.access.keys import ApiKey, Scope, digest_of, id_of, new_key
from quorum.errors import UnknownApiKey
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data

REFRESH_SECONDS = 2.0  # a revoked key works for at most this long in a running API
REMEMBERED = 1024


class ApiKeys:
    """Creates, lists and revokes keys."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client = client
        self._keys = keys_of(namespace, 0)

    def create(self, name: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
        """Store a new key; return it and its whole text, which is not kept. Raises StoreUnavailable."""
        check_data(self._client, [self._keys])
        key_id, whole = new_key()
        with translated_errors():
            key = ApiKey(key_id, name, digest_of(whole), scopes, time_ms(self._client, self._keys.api_keys))
            self._client.hset(self._keys.api_keys, key_id, _dump(key))
        return key, whole

    def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too, oldest first. Raises StoreUnavailable."""
        with translated_errors():
            stored = self._client.hgetall(self._keys.api_keys)
        return sorted((_load(raw) for raw in stored.values()), key=lambda key: (key.created_ms, key.id))

    def get(self, key_id: str) -> ApiKey | None:
        """Return one key. Raises StoreUnavailable; DataMissing, lest a good key seem to be none."""
        with translated_errors():
            raw = self._client.hget(self._keys.api_keys, key_id)
        if raw is None:
            check_data(self._client, [self._keys])
            return None
        return _load(raw)

    def revoke(self, key_id: str) -> ApiKey:
        """Make a key useless; the time of the first revocation stays. Raises UnknownApiKey, StoreUnavailable."""
        key = self.get(key_id)
        if key is None:
            raise UnknownApiKey(f"there is no API key {key_id!r}; see `quorum keys list`")
        if key.revoked_ms is None:
            with translated_errors():
                now = time_ms(self._client, self._keys.api_keys)
                key = ApiKey(key.id, key.name, key.digest, key.scopes, key.created_ms, now)
                self._client.hset(self._keys.api_keys, key_id, _dump(key))
        return key


Known = tuple[ApiKey | None, float]
Ask = Callable[[Callable[[], Known]], Known]


class KeyRing:
    """Checks presented keys against the stored ones, asking Redis for each at most every REFRESH_SECONDS.

    `ask` calls what asks Redis, where the caller must not wait by itself.
    """

    def __init__(self, keys: ApiKeys, ask: Ask = lambda act: act()) -> None:
        self._keys = keys
        self._ask = ask
        self._known: dict[str, Known] = {}
        self._lock = Lock()

    def find(self, presented: str) -> ApiKey | None:
        """Return the valid key that `presented` is, else None. Raises StoreUnavailable."""
        key_id = id_of(presented)
        if key_id is None:
            return None
        known = self._known.get(key_id)
        if known is None or known[1] < monotonic():
            known = self._ask(lambda: self._remember(key_id))
        key = known[0]
        return key if key is not None and key.opens(presented) else None

    def _remember(self, key_id: str) -> Known:
        known = (self._keys.get(key_id), monotonic() + REFRESH_SECONDS)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()  # ids that nobody made cost a look-up each, and no memory
            self._known[key_id] = known
        return known


def _dump(key: ApiKey) -> str:
    return json.dumps(
        {
            "id": key.id,
            "name": key.name,
            "digest": key.digest,
            "scopes": sorted(key.scopes),
            "created_ms": key.created_ms,
            "revoked_ms": key.revoked_ms,
        }
    )


def _load(raw: bytes | str) -> ApiKey:
    fields = json.loads(raw)
    return ApiKey(
        id=fields["id"],
        name=fields["name"],
        digest=fields["digest"],
        scopes=frozenset(map(Scope, fields["scopes"])),
        created_ms=fields["created_ms"],
        revoked_ms=fields["revoked_ms"],
    )
