/** Check the events that Sendcode posts (Standard Webhooks 1.0, standardwebhooks.com). */

import { webCrypto } from "./crypto.js";
import { InvalidSignature } from "./errors.js";

const TOLERANCE_SECONDS = 300;
const encoder = new TextEncoder();

/**
 * Return the event in `body`, the text or bytes as they arrived, if one of `secrets` signed it.
 *
 * Give the old and the new secret while one is being changed. Keep `id` and skip an event that was seen: one may come
 * twice. Throws InvalidSignature, and TypeError for a secret that is none.
 */
export async function verifyWebhook(body, headers, secrets, { toleranceSeconds = TOLERANCE_SECONDS, now } = {}) {
  const content = typeof body === "string" ? encoder.encode(body) : new Uint8Array(body);
  const given = lowered(headers);
  const id = given["webhook-id"] ?? "";
  const stamp = given["webhook-timestamp"] ?? "";
  if (!id || !/^[1-9][0-9]{0,14}$/.test(stamp)) {
    throw new InvalidSignature("webhook-id or webhook-timestamp is missing");
  }
  if (Math.abs((now ?? Date.now() / 1000) - Number(stamp)) > toleranceSeconds) {
    throw new InvalidSignature("the event is too old, or a clock is wrong");
  }
  const signed = joined(encoder.encode(`${id}.${stamp}.`), content);
  const { subtle } = await webCrypto();
  const keys = await Promise.all([secrets].flat().map((secret) => keyOf(subtle, secret)));
  const signatures = (given["webhook-signature"] ?? "").trim().split(/ +|, ?(?=v1a?,)/).flatMap(signatureOf);
  const matches = await Promise.all(
    keys.flatMap((key) => signatures.map((signature) => subtle.verify("HMAC", key, signature, signed))),
  );
  if (!matches.includes(true)) throw new InvalidSignature("no signature is made with one of the secrets");
  return eventOf(id, content);
}

function eventOf(id, content) {
  try {
    const { type, timestamp, data } = JSON.parse(new TextDecoder().decode(content));
    if (typeof type === "string" && typeof timestamp === "string" && data !== undefined) {
      return { id, type, timestamp, data };
    }
  } catch {
    // told below
  }
  throw new InvalidSignature("the body is no event");
}

function lowered(headers) {
  const entries = typeof headers.entries === "function" ? [...headers.entries()] : Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function signatureOf(text) {
  const bytes = text.startsWith("v1,") ? decoded(text.slice(3)) : null;
  return bytes ? [bytes] : [];
}

async function keyOf(subtle, secret) {
  if (typeof secret !== "string" || secret === "") throw new TypeError("a secret is empty");
  const raw = secret.startsWith("whsec_") ? decoded(secret.slice(6)) : encoder.encode(secret);
  if (!raw?.length) throw new TypeError("a secret after whsec_ is not base64");
  return subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function decoded(base64) {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4) return null;
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}
