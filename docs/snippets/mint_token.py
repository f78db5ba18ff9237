"""Mint a reporter token: python mint_token.py READER [AUDIENCE] [SINCE]. Needs PyJWT and QUORUM_TOKEN_SECRET."""

import os
import sys
import time

import jwt


def mint_token(
    reader: str,
    secret: str,
    audience: str = "quorum",
    seconds: int = 900,
    *,
    key_id: str | None = None,
    since: float | None = None,
) -> str:
    """Return a token that names `reader` for `seconds`; `since`: when the account was made, in seconds since 1970."""
    claims: dict[str, object] = {"sub": reader, "aud": audience, "exp": int(time.time()) + seconds}
    if since is not None:
        claims["since"] = int(since)
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key_id} if key_id else None)


if __name__ == "__main__":
    reader, audience, since = (*sys.argv[1:], *(None, "quorum", None)[len(sys.argv) - 1 :])
    secret, key_id = os.environ["QUORUM_TOKEN_SECRET"], os.environ.get("KEY_ID")
    print(mint_token(reader, secret, audience, key_id=key_id, since=float(since) if since else None))
