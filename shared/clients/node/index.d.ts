export const BLOCKED: "quorum.image.blocked.v1";
export const UNBLOCKED: "quorum.image.unblocked.v1";
export const DELETED: "quorum.image.deleted.v1";

export type EventType =
  | "quorum.image.blocked.v1"
  | "quorum.image.unblocked.v1"
  | "quorum.image.released.v1"
  | "quorum.image.deleted.v1"
  | "quorum.image.held.v1"
  | "quorum.shields.raised.v1"
  | "quorum.shields.lowered.v1"
  | "quorum.appeal.decided.v1";

/** A CloudEvent (1.0). The same decision has the same `id` for ever: remember ids, and you act exactly once. */
export interface QuorumEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  /** Later releases may add types: let those pass that you do not know. */
  readonly type: EventType | (string & {});
  /** The image id, or `shields`. */
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly traceparent?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event of the feed or the stream; reading goes on after `cursor`. */
export interface FeedEvent extends QuorumEvent {
  readonly cursor: string;
}

/** What is known of an image now; the score is in points. */
export interface Status {
  /** In canonical form. */
  readonly image_id: string;
  readonly state: "open" | "held" | "blocked" | "cleared";
  readonly protected: boolean;
  readonly epoch: number;
  readonly score: number;
  readonly reporters: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly first_reported_at: string | null;
  readonly last_reported_at: string | null;
  readonly blocked_at: string | null;
}

export interface Abortable {
  /** Ends the call or the loop with its reason. */
  signal?: AbortSignal;
}

export interface Narrowed {
  /** Only events of these types; none given: of all. */
  types?: Iterable<EventType>;
}

export interface ReportOptions {
  /** Of the answer: en, fr, ar, es. Default: en. */
  language?: string;
  /** When the reader's account was made, RFC 3339. */
  reporter_since?: string;
  content_hash?: string;
  content_quality?: number;
}

export interface ClientOptions {
  /** Seconds that a call may take, each try by itself. Default: 10. */
  timeout?: number;
  /** Where the stream is, when it is not below the API's URL. */
  streamUrl?: string | null;
}

/**
 * Talks to one quorum. Every method throws ApiError when the API refuses, and Unavailable when it cannot be reached or
 * cannot answer just now, after three more tries. A `Retry-After` of at most a minute is waited out, a longer one thrown.
 */
export class Client {
  constructor(url: string, key?: string | null, options?: ClientOptions);
  /** Of the rules for URLs, as the blocklist or events last told. */
  readonly urlRulesVersion: string | null;
  /** Report an image for a reader; return what to tell them. */
  report(imageId: string, reason: string, reporterId?: string | null, options?: ReportOptions): Promise<string>;
  status(imageId: string): Promise<Status>;
  /** Of up to 1,000 images, in order. */
  statuses(imageIds: Iterable<string>): Promise<Status[]>;
  /** All that is blocked, and the cursor from which `events` go on without a gap. */
  snapshot(options?: Abortable): Promise<{ images: Map<string, Date>; cursor: string }>;
  /**
   * The events after a cursor (`now`: none yet), oldest first, and where to go on; waits some seconds for the first.
   * With `types` or `subject` there may be fewer, even none, before the end. Throws CursorExpired.
   */
  events(
    after?: string | null,
    options?: Abortable & Narrowed & { limit?: number; wait?: number; subject?: string | null },
  ): Promise<{ events: FeedEvent[]; cursor: string }>;
  /** Events for ever, across outages, asked for with long waits. Throws ApiError, CursorExpired. */
  follow(after?: string | null, options?: Abortable & Narrowed): AsyncGenerator<FeedEvent, never, void>;
  /** Events for ever from the stream, which is opened again after the last one. Throws ApiError, CursorExpired. */
  stream(after?: string | null, options?: Abortable & Narrowed): AsyncGenerator<FeedEvent, never, void>;
}

/**
 * What is blocked, in memory: list, then watch. With a `path` the list and its cursor are kept in a file, replaced as a
 * whole, from which a restart goes on; nothing is missed, and applying an event twice changes nothing.
 */
export class Blocklist {
  constructor(client: Client, options?: { path?: string | null });
  readonly size: number;
  readonly cursor: string | null;
  /** How long ago the server last answered; null before it ever did. */
  readonly ageSeconds: number | null;
  images(): Set<string>;
  /**
   * Whether an image is blocked, from memory. Ids that are no URLs may have any Unicode form. A URL may be written in many
   * ways, and the server knows which of them are one image: throws UnknownSpelling until `lookUp` has asked.
   */
  has(imageId: string): boolean;
  /** Look images up, by the names that the server gives to spellings of URLs; each spelling is asked for once. */
  lookUp(imageIds: Iterable<string>): Promise<Map<string, boolean>>;
  /** Read the list when there is none yet, or its cursor is too old; else the events since, and return those. */
  sync(options?: Abortable & { wait?: number }): Promise<FeedEvent[]>;
  /** Keep the list up to date until `signal` ends it. */
  run(
    options?: Abortable & { onEvents?: (events: FeedEvent[]) => void; onTrouble?: (error: unknown) => void },
  ): Promise<void>;
}

/**
 * Return the event of a webhook's delivery. `body` as it came, before anything has parsed it; `secrets` as quorum showed
 * it (`whsec_...`), or several while they are changed. The delivery may be `tolerance` (300) seconds older or newer than
 * `now` (Unix seconds). The same event may come again: remember `id`. Throws InvalidWebhook; TypeError for a secret that
 * is none.
 */
export function verify(
  secrets: string | Iterable<string>,
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string | Uint8Array,
  options?: { tolerance?: number; now?: number },
): QuorumEvent;

export class QuorumError extends Error {}

/** The API refuses a call; `status` and `problem` (RFC 9457) say why, `retryAfter` (s) when to come back. */
export class ApiError extends QuorumError {
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
  readonly retryAfter: number | null;
  /** The end of the problem's type: `invalid-cursor`, `rate-limited`. */
  readonly kind: string;
}

/** The server cannot be reached, or cannot answer just now; `retryAfter` (s) when it said when to come back. */
export class Unavailable extends QuorumError {
  readonly retryAfter: number | null;
}

/** A cursor is older than the events that are kept: begin again with the blocklist. */
export class CursorExpired extends QuorumError {
  readonly oldest: string;
}

/** A delivery is not to be believed: answer 401. */
export class InvalidWebhook extends QuorumError {
  readonly why: "headers" | "timestamp" | "signature" | "body";
}

/** The list in memory does not know yet which image a spelling of a URL names. */
export class UnknownSpelling extends QuorumError {}
