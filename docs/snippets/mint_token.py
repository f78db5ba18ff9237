"""Mint a reporter token: python mint_token.py READER [AUDIENCE]. Needs PyJWT, and the secret in QUORUM_TOKEN_SECRET."""

import os
import sys
import time

import jwt


def mint_token(
    reader: str, secret: str, audience: str = "quorum", seconds: int = 900, key_id: str | None = None
) -> str:
    """Return a token that names `reader` for `seconds`."""
    claims = {"sub": reader, "aud": audience, "exp": int(time.time()) + seconds}
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key_id} if key_id else None)


if __name__ == "__main__":
    print(mint_token(sys.argv[1], os.environ["QUORUM_TOKEN_SECRET"], *sys.argv[2:3], key_id=os.environ.get("KEY_ID")))
