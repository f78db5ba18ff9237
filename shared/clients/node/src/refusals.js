import { ApiError, CursorExpired, Unavailable } from "./errors.js";

export const RETRIES = 3;
export const PATIENCE_SECONDS = 60; // a Retry-After beyond is not slept through inside a call: the caller is told
const BACKOFF_SECONDS = 0.2;
const PAUSE_SECONDS = [0.5, 2]; // before an unreachable server is asked again, jittered

/** Statuses after which nothing was stored; reports count once, so that sending them again is safe. */
export const AGAIN = new Set([429, 502, 503, 504]);

/** The error that an answer is. */
export function refusal(status, headers, body) {
  const problem = readProblem(body);
  const retryAfter = retryAfterSeconds(headers.get("retry-after"));
  if (status === 410) return new CursorExpired(String(problem.oldest ?? ""));
  if (status >= 500) return new Unavailable(`${status}: ${problem.detail ?? problem.title ?? "no detail"}`, retryAfter);
  return new ApiError(status, problem, retryAfter);
}

/** What Retry-After says, in seconds or as a date (RFC 9110, 10.2.3); null when it says nothing. */
export function retryAfterSeconds(text) {
  const said = (text ?? "").trim();
  if (/^[0-9]+$/.test(said)) return Number(said.slice(0, 9));
  const moment = said === "" ? NaN : Date.parse(said);
  return Number.isNaN(moment) ? null : Math.max((moment - Date.now()) / 1000, 0);
}

/** Seconds to wait before asking again after `attempt` tries (from 1); null for not at all. */
export function waitBefore(attempt, retryAfter) {
  if (attempt > RETRIES || (retryAfter ?? 0) > PATIENCE_SECONDS) return null;
  return retryAfter ?? BACKOFF_SECONDS * 2 ** attempt * between(0.5, 1);
}

/** Seconds that whoever asks for ever pauses after a call that came to nothing. Throws what no pause mends. */
export function pauseAfter(error) {
  if (!(error instanceof Unavailable || (error instanceof ApiError && error.status === 429))) throw error;
  return error.retryAfter === null ? between(...PAUSE_SECONDS) : Math.min(error.retryAfter, PATIENCE_SECONDS);
}

export const LONGEST_PAUSE_SECONDS = PAUSE_SECONDS[1];

function between(least, most) {
  return least + Math.random() * (most - least);
}

function readProblem(body) {
  try {
    const problem = JSON.parse(body);
    return problem !== null && typeof problem === "object" ? problem : {};
  } catch {
    return {};
  }
}
