export { Blocklist } from "./src/blocklist.js";
export { BLOCKED, Client, DELETED, UNBLOCKED } from "./src/client.js";
export { ApiError, CursorExpired, InvalidWebhook, QuorumError, Unavailable, UnknownSpelling } from "./src/errors.js";
export { verify } from "./src/webhooks.js";
