import { createHmac, timingSafeEqual } from "node:crypto";

import { InvalidWebhook } from "./errors.js";

const TOLERANCE_SECONDS = 300;
const MAX_HEADER_CHARACTERS = 4096;
const MAX_BODY_BYTES = 2 ** 20;
const MIN_SECRET_BYTES = 16;

/** Return the event of a delivery that was signed as Standard Webhooks 1.0 say, and is fresh. Types: index.d.ts. */
export function verify(secrets, headers, body, { tolerance = TOLERANCE_SECONDS, now = Date.now() / 1000 } = {}) {
  const keys = (typeof secrets === "string" ? [secrets] : [...secrets]).map(readKey);
  if (keys.length === 0) throw new TypeError("there is no secret to verify with");
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    header(headers, name),
  );
  if (!/^[0-9]{1,12}$/.test(timestamp)) throw new InvalidWebhook("timestamp", "webhook-timestamp is no number of seconds");
  if (Math.abs(now - Number(timestamp)) > tolerance) {
    throw new InvalidWebhook("timestamp", `webhook-timestamp is more than ${tolerance} s away: an old delivery, sent again`);
  }
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
  if (bytes.length > MAX_BODY_BYTES) throw new InvalidWebhook("body", `the body has more than ${MAX_BODY_BYTES} bytes`);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`, "utf8"), bytes]);
  const wanted = keys.map((key) => Buffer.from(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`));
  const given = signatures.split(" ").map((one) => Buffer.from(one, "utf8"));
  const fits = given.map((one) => wanted.some((other) => one.length === other.length && timingSafeEqual(one, other)));
  if (!fits.includes(true)) {
    throw new InvalidWebhook("signature", "no signature fits: another secret, or a changed body");
  }
  return readEvent(bytes);
}

function readKey(secret) {
  const text = secret.replace(/^whsec_/, "");
  const key = Buffer.from(text, "base64");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0 || key.length < MIN_SECRET_BYTES) {
    throw new TypeError("a secret is whsec_ and base64, as quorum showed it");
  }
  return key;
}

function header(headers, name) {
  const found = typeof headers.get === "function" ? headers.get(name) : inObject(headers, name);
  if (typeof found !== "string" || found === "" || found.length > MAX_HEADER_CHARACTERS) {
    throw new InvalidWebhook("headers", `${name} is missing or too long`);
  }
  return found;
}

function inObject(headers, name) {
  const [, value] = Object.entries(headers).find(([given]) => given.toLowerCase() === name) ?? [];
  return Array.isArray(value) ? value.join(", ") : value;
}

function readEvent(bytes) {
  try {
    const event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const texts = ["id", "source", "type", "subject", "time"].every((name) => typeof event[name] === "string");
    const data = event.data !== null && typeof event.data === "object" && !Array.isArray(event.data);
    if (texts && data && !Number.isNaN(Date.parse(event.time))) return event;
  } catch {
    // told below
  }
  throw new InvalidWebhook("body", "the signature fits, and the body is no event");
}
