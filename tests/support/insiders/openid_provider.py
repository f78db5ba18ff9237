"""A small OpenID provider: it lets everybody in whom a test names, at once, and signs what it says."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from redis_server import free_port
from werkzeug.serving import make_server

CLIENT, SECRET = "quorum", "a client secret for tests only"


@dataclass
class Provider:
    """`claims` is what it says of whoever comes; `changes` what a broken or hostile one says instead."""

    url: str
    claims: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    def id_token(self, nonce: str) -> str:
        """Return what it says of somebody, signed."""
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": nonce, **self.claims}
        said = {name: value for name, value in {**said, **self.changes}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one"}, said, self.signs_with or self.key)


@contextmanager
def openid_provider() -> Iterator[Provider]:
    """Run one."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    server = make_server("127.0.0.1", port, _app(provider), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _app(provider: Provider) -> Flask:
    app = Flask("provider")

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        return {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "jwks_uri": f"{provider.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **provider.metadata,
        }

    @app.get("/jwks")
    def keys() -> dict[str, Any]:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize() -> Any:
        code = secrets.token_urlsafe(8)
        provider.asked[code] = request.args.to_dict()
        return redirect(f"{request.args['redirect_uri']}?{urlencode({'code': code, 'state': request.args['state']})}")

    @app.post("/token")
    def token() -> Response:
        asked = provider.asked.pop(request.form["code"])
        assert asked["code_challenge_method"] == "S256"
        assert request.form["code_verifier"]
        assert request.authorization
        assert (request.authorization.username, request.authorization.password) == (CLIENT, SECRET)
        body = {"access_token": "x", "token_type": "Bearer", "id_token": provider.id_token(asked["nonce"])}
        return Response(json.dumps(body), content_type="application/json")

    return app
