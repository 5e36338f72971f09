import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { InvalidSignature, verifyWebhook } from "../src/index.js";

const OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW = 1_772_357_400;
const TOLD = { type: "verification.approved", timestamp: "2026-03-01T09:30:00.000000Z", data: { id: "x" } };
const BODY = JSON.stringify(TOLD);

function sign(secret, body = BODY, at = NOW, id = "msg_1") {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
}

function headers(secrets, { body = BODY, at = NOW, glue = " " } = {}) {
  const signature = secrets.map((one) => sign(one, body, at)).join(glue);
  return { "webhook-id": "msg_1", "webhook-timestamp": String(at), "webhook-signature": signature };
}

test("the published vector", () => {
  const signature = sign(OLD, '{"test": 2432232314}', 1614265330, "msg_p5jXN8AQM9LWM0D4loKWxJek");
  assert.equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("an event is read, whatever form body and headers have", async () => {
  const wanted = { id: "msg_1", ...TOLD };
  const given = headers([NEW]);
  assert.deepEqual(await verifyWebhook(BODY, given, NEW, { now: NOW }), wanted);
  assert.deepEqual(await verifyWebhook(Buffer.from(BODY), new Headers(given), [NEW], { now: NOW }), wanted);
  const bytes = new TextEncoder().encode(BODY);
  assert.deepEqual(await verifyWebhook(bytes.buffer, { "Webhook-Id": "msg_1", ...given }, [NEW], { now: NOW }), wanted);
  assert.deepEqual(await verifyWebhook(BODY, headers(["plain"]), "plain", { now: NOW }), wanted);
});

test("one of several signatures and secrets is enough", async () => {
  for (const glue of [" ", ",", ", "]) {
    for (const secrets of [[NEW], [OLD], ["other", NEW]]) {
      assert.equal((await verifyWebhook(BODY, headers([OLD, NEW], { glue }), secrets, { now: NOW })).id, "msg_1");
    }
  }
});

test("anything else is refused", async () => {
  const cases = [
    [`${BODY} `, headers([NEW])],
    [BODY, headers([OLD])],
    [BODY, { ...headers([NEW]), "webhook-id": "msg_2" }],
    [BODY, { ...headers([NEW]), "webhook-timestamp": String(NOW + 1) }],
    [BODY, { ...headers([NEW]), "webhook-timestamp": ` ${NOW}` }],
    [BODY, { ...headers([NEW]), "webhook-signature": "" }],
    [BODY, { ...headers([NEW]), "webhook-signature": "v1,é" }],
    [BODY, { ...headers([NEW]), "webhook-signature": sign(NEW).replace("v1,", "v2,") }],
    [BODY, headers([NEW], { at: NOW - 301 })],
    [BODY, headers([NEW], { at: NOW + 301 })],
    [BODY, {}],
    ["[]", headers([NEW], { body: "[]" })],
  ];
  for (const [body, given] of cases) {
    await assert.rejects(verifyWebhook(body, given, [NEW], { now: NOW }), InvalidSignature);
  }
  await assert.rejects(verifyWebhook(BODY, headers([NEW]), [], { now: NOW }), InvalidSignature);
  for (const secret of ["", "whsec_%%%"]) {
    await assert.rejects(verifyWebhook(BODY, headers([NEW]), secret, { now: NOW }), TypeError);
  }
});
