// Mint a reporter token: node mint_token.mjs READER [AUDIENCE]. The secret is in QUORUM_TOKEN_SECRET.
import { createHmac } from "node:crypto";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function mintToken(reader, secret, audience = "quorum", seconds = 900, keyId = undefined) {
  const header = { alg: "HS256", typ: "JWT", kid: keyId };
  const claims = { sub: reader, aud: audience, exp: Math.floor(Date.now() / 1000) + seconds };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const [reader, audience] = process.argv.slice(2);
console.log(mintToken(reader, process.env.QUORUM_TOKEN_SECRET, audience, 900, process.env.KEY_ID));
