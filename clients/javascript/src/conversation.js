/** A call with its retries. */

import { Unavailable, problemOf, refusal, secondsOf } from "./errors.js";

export const VERSION = "0.1.0";
/** The service, or a proxy before it, could not do it; a 5xx of the service has done nothing. */
const AGAIN = [502, 503, 504];
const IN_FLIGHT = "idempotency_in_flight";
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2000;

/**
 * Send a request until it is answered, and return the answer as an object, undefined for an empty one.
 *
 * A POST has the same Idempotency-Key at each try, so it is done once. Tried again: no answer, 502, 503, 504, and 409
 * while an earlier try is in flight; after `Retry-After`, or 0.2 s, 0.4 s … 2 s. Throws Refused and Unavailable.
 */
export async function converse({ method, path, body, file, idempotencyKey }, settings) {
  const giveUpAt = settings.now() + settings.deadlineMs;
  const key = method === "POST" ? (idempotencyKey ?? (await settings.newKey())) : null;
  for (let number = 0; ; number++) {
    const left = Math.max(giveUpAt - settings.now(), 1);
    const outcome = await attempt({ method, path, body, file, key }, settings, Math.min(settings.timeoutMs, left));
    const wait = waitOf(outcome, number);
    if (wait === null) return read(method, outcome, key, number);
    if (wait >= giveUpAt - settings.now()) throw unavailable(outcome, key);
    await settings.sleep(wait);
  }
}

async function attempt({ method, path, body, file, key }, settings, timeoutMs) {
  const headers = {
    Authorization: `Bearer ${settings.key}`,
    Accept: "application/json",
    "User-Agent": `sendcode-javascript/${VERSION}`,
  };
  if (key !== null) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (file !== undefined) headers["Content-Type"] = "text/csv";
  try {
    const response = await settings.fetch(`${settings.baseUrl}/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? file : JSON.stringify(body),
      redirect: "manual", // a redirect would carry the key elsewhere
      signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
    });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      text: await response.text(),
    };
  } catch (error) {
    return { failure: error?.name ?? "Error" };
  }
}

function waitOf(outcome, number) {
  const spread = Math.min(FIRST_WAIT_MS * 2 ** Math.min(number, 10), LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
  if (outcome.failure) return spread;
  const inFlight = outcome.status === 409 && problemOf(outcome).code === IN_FLIGHT;
  if (!AGAIN.includes(outcome.status) && !inFlight) return null;
  const told = secondsOf(outcome);
  return told === null ? spread : told * 1000;
}

function read(method, answer, key, number) {
  if (answer.status >= 200 && answer.status < 300) {
    if (answer.text === "") return undefined;
    try {
      return JSON.parse(answer.text);
    } catch {
      throw new Unavailable("the answer is not what the API documents; is the base URL right?", {
        status: answer.status,
        idempotencyKey: key,
      });
    }
  }
  // an earlier try removed it, and its answer was lost
  if (method === "DELETE" && answer.status === 404 && number > 0) return undefined;
  if (answer.status >= 500 || answer.status < 400) throw unavailable(answer, key);
  throw refusal(answer);
}

function unavailable(outcome, key) {
  if (outcome.failure) return new Unavailable(`no answer: ${outcome.failure}`, { idempotencyKey: key });
  const { code } = problemOf(outcome);
  const named = typeof code === "string" ? ` (${code})` : "";
  return new Unavailable(`the service answers ${outcome.status}${named}`, {
    status: outcome.status,
    idempotencyKey: key,
  });
}
