import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import * as sendcode from "../src/index.js";

const { Conflict, LimitExceeded, MalformedCode, NotFound, Sendcode, Unavailable } = sendcode;
const KEY = "sc_live_topsecret";
const CODE = "135790";
const RESULT = { id: "x", status: "approved", valid: true, attempts_left: 4 };

const answer = (status, body, headers = {}) => () =>
  new Response(body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body), { status, headers });
const problem = (status, code, headers = {}, more = {}) => answer(status, { code, detail: "why", ...more }, headers);
const cut = () => {
  throw new TypeError(`fetch failed ${KEY} ${CODE}`);
};

/** A client whose fetch answers in turn, and whose clock is its sleep. */
function scripted(outcomes, options = {}) {
  const requests = [];
  const slept = [];
  let time = 0;
  const client = new Sendcode("http://sendcode.test/", KEY, {
    fetch: async (url, init) => {
      requests.push({ url, ...init });
      return outcomes.shift()();
    },
    sleep: async (ms) => {
      slept.push(ms);
      time += ms;
    },
    now: () => time,
    ...options,
  });
  return { client, requests, slept };
}

test("a call has its method, path, key and body", async () => {
  const { client, requests } = scripted([answer(200, RESULT), problem(404, "not_found")]);
  assert.deepEqual(await client.verifications.check("x/../y", CODE), RESULT);
  const [{ url, method, headers, body, redirect }] = requests;
  assert.equal(url, "http://sendcode.test/api/v1/verifications/x%2F..%2Fy/check");
  assert.equal(method, "POST");
  assert.equal(headers.Authorization, `Bearer ${KEY}`);
  assert.match(headers["Idempotency-Key"], /^[0-9a-f-]{36}$/);
  assert.equal(body, JSON.stringify({ code: CODE }));
  assert.equal(redirect, "manual");
  await assert.rejects(client.messages.get("x"), NotFound);
  assert.equal(requests[1].headers["Idempotency-Key"], undefined);
  assert.equal(requests[1].body, undefined);
});

test("a call whose answer is lost is repeated with the same key", async () => {
  const { client, requests, slept } = scripted([cut, problem(503, "unavailable"), answer(502, "bad"), answer(200, RESULT)]);
  assert.ok((await client.verifications.check("x", CODE)).valid);
  assert.equal(new Set(requests.map((one) => one.headers["Idempotency-Key"])).size, 1);
  assert.equal(slept.length, 3);
  assert.ok(slept[0] < slept[2]);
});

test("Retry-After is obeyed, and the first call in flight is waited for", async () => {
  const { client, slept } = scripted([
    problem(503, "unavailable", { "Retry-After": "2" }),
    problem(409, "idempotency_in_flight", { "Retry-After": "1" }),
    answer(200, RESULT),
  ]);
  await client.verifications.check("x", CODE);
  assert.deepEqual(slept, [2000, 1000]);
});

test("limits, conflicts and wrong fields are told at once", async () => {
  const errors = [{ field: "code", message: "is not a code" }];
  const { client, slept } = scripted([
    problem(429, "limit_exceeded", { "Retry-After": "7" }, { limit: "resend_cooldown", request_id: "request-1" }),
    problem(409, "conflict"),
    problem(422, "malformed_code", {}, { errors }),
    answer(418, "teapot"),
  ]);
  await assert.rejects(client.verifications.resend("x"), (error) => {
    assert.ok(error instanceof LimitExceeded);
    assert.deepEqual([error.limit, error.retryAfter, error.status], ["resend_cooldown", 7, 429]);
    assert.equal(error.requestId, "request-1");
    return true;
  });
  await assert.rejects(client.verifications.cancel("x"), Conflict);
  await assert.rejects(client.verifications.check("x", "1"), (error) => {
    assert.ok(error instanceof MalformedCode);
    assert.deepEqual(error.errors, errors);
    return true;
  });
  await assert.rejects(client.verifications.cancel("x"), { name: "Refused", code: "http_418" });
  assert.deepEqual(slept, []);
});

test("the deadline ends the tries, and a wait past it is not waited", async () => {
  const long = scripted([problem(503, "unavailable", { "Retry-After": "30" })]);
  await assert.rejects(long.client.verifications.check("x", CODE), (error) => {
    assert.ok(error instanceof Unavailable);
    assert.equal(error.status, 503);
    assert.equal(error.idempotencyKey, long.requests[0].headers["Idempotency-Key"]);
    return true;
  });
  assert.deepEqual(long.slept, []);
  const cuts = scripted(Array(100).fill(cut), { deadlineMs: 3000 });
  await assert.rejects(cuts.client.verifications.check("x", CODE), /no answer: TypeError/);
  assert.ok(cuts.slept.reduce((sum, one) => sum + one) < 3000);
});

test("a try that hangs is cut off", async () => {
  const hang = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const client = new Sendcode("http://sendcode.test", KEY, { fetch: hang, timeoutMs: 30, deadlineMs: 50 });
  const open = setTimeout(() => {}, 5000); // AbortSignal's timer keeps no process alive
  await assert.rejects(client.stats.get(), /no answer: TimeoutError/);
  clearTimeout(open);
});

test("what the service never says is unavailable", async () => {
  for (const [status, body] of [[200, "<html>"], [302, undefined], [500, "no"]]) {
    const { client } = scripted([answer(status, body)]);
    await assert.rejects(client.stats.get(), (error) => error instanceof Unavailable && error.status === status);
  }
});

test("what is gone after a lost answer was removed by this call", async () => {
  const { client } = scripted([cut, problem(404, "not_found"), answer(204), problem(404, "not_found")]);
  assert.equal(await client.webhooks.remove("x"), undefined);
  assert.equal(await client.webhooks.remove("x"), undefined);
  await assert.rejects(client.webhooks.remove("x"), NotFound);
});

test("a list goes over all pages", async () => {
  const { client, requests } = scripted([
    answer(200, { messages: [{ id: "a" }, { id: "b" }], next_cursor: "2" }),
    answer(200, { messages: [{ id: "c" }], next_cursor: null }),
  ]);
  const ids = [];
  for await (const { id } of client.messages.list({ status: "failed", to: undefined })) ids.push(id);
  assert.deepEqual(ids, ["a", "b", "c"]);
  assert.deepEqual(requests.map((one) => one.url.split("?")[1]), ["status=failed", "status=failed&cursor=2"]);
});

test("a key of the caller's own is sent", async () => {
  const { client, requests } = scripted([answer(202, {})]);
  await client.messages.send({ channel: "sms", to: "1", text: "a" }, { idempotencyKey: "order-4711" });
  assert.equal(requests[0].headers["Idempotency-Key"], "order-4711");
});

test("keys and codes are in no error and in no inspection", async () => {
  const { client } = scripted([cut, cut, cut], { deadlineMs: 300 });
  const error = await client.verifications.check("x", CODE).catch((one) => one);
  const texts = [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client), inspect(error), error.stack];
  for (const text of texts) assert.ok(!text.includes(KEY) && !text.includes(CODE), text);
});

test("what can be no URL, no key and no id is refused", async () => {
  for (const [url, key] of [["codes.example.com", "k"], [undefined, "k"], ["http://x", ""], ["http://x", "a b"]]) {
    assert.throws(() => new Sendcode(url, key), TypeError);
  }
  const { client } = scripted([]);
  for (const id of ["", ".", "..", undefined]) await assert.rejects(client.verifications.get(id), TypeError);
});

test("every operation is called by one method", async () => {
  const called = [];
  const client = new Sendcode("http://sendcode.test", KEY, {
    fetch: async (url, { method }) => {
      called.push(`${method} ${url.split("/api/v1")[1]}`);
      return new Response(JSON.stringify({ messages: [], deliveries: [], next_cursor: null }));
    },
  });
  for (const resource of Object.values(client)) {
    for (const method of Object.values(resource)) {
      const result = method("ID", {});
      if (result[Symbol.asyncIterator]) for await (const _ of result);
      else await result.catch(() => {});
    }
  }
  const wanted = Object.values(sendcode.OPERATIONS).map(([method, path]) => `${method} ${path.replace("{id}", "ID")}`);
  assert.deepEqual(new Set(called.map((one) => one.split("?")[0])), new Set(wanted));
});
