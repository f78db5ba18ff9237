/** Whatever this client throws on purpose. */
export class QuorumError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The API refuses a call; `status` and `problem` (RFC 9457) say why, `retryAfter` (s) when to come back. */
export class ApiError extends QuorumError {
  constructor(status, problem, retryAfter = null) {
    super(`${status}: ${problem.detail ?? problem.title ?? "no detail"}`);
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** The end of the problem's type: `invalid-cursor`, `rate-limited`. */
  get kind() {
    return String(this.problem.type ?? "").split(":").at(-1);
  }
}

/** The server cannot be reached, or cannot answer just now; `retryAfter` (s) when it said when to come back. */
export class Unavailable extends QuorumError {
  constructor(message, retryAfter = null, options = undefined) {
    super(message, options);
    this.retryAfter = retryAfter;
  }
}

/** A cursor is older than the events that are kept: begin again with the blocklist. */
export class CursorExpired extends QuorumError {
  constructor(oldest = "") {
    super("the cursor is older than the oldest kept event; read the blocklist, then go on after its cursor");
    this.oldest = oldest;
  }
}

/** A delivery is not to be believed: answer 401. `why` is `headers`, `timestamp`, `signature` or `body`. */
export class InvalidWebhook extends QuorumError {
  constructor(why, message) {
    super(message);
    this.why = why;
  }
}

/** The list in memory does not know yet which image a spelling of a URL names: `lookUp` asks the server. */
export class UnknownSpelling extends QuorumError {}
