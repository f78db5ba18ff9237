// Mint a reporter token: node mint_token.mjs READER [AUDIENCE] [SINCE]. The secret is in QUORUM_TOKEN_SECRET.
import { createHmac } from "node:crypto";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// `since`: when the reader's account was made, in seconds since 1970 (a Date is in milliseconds: divide by 1000)
export function mintToken(reader, secret, audience = "quorum", seconds = 900, keyId = undefined, since = undefined) {
  const header = { alg: "HS256", typ: "JWT", kid: keyId };
  const claims = { sub: reader, aud: audience, exp: Math.floor(Date.now() / 1000) + seconds, since };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const [reader, audience, since] = process.argv.slice(2);
const { QUORUM_TOKEN_SECRET, KEY_ID } = process.env;
console.log(mintToken(reader, QUORUM_TOKEN_SECRET, audience, 900, KEY_ID, since && Number(since)));
