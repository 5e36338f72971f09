// Compiled, never run: what a caller may write, and what must be an error.
import { LimitExceeded, Sendcode, verifyWebhook, type Verification } from "../src/index.js";

const client = new Sendcode("https://codes.example.com", "sc_live_x", { deadlineMs: 3000 });
const verification: Verification = await client.verifications.issue({ channel: "sms", to: "+8613800138000" });
const left: number | null = (await client.verifications.check(verification.id, "123456")).attempts_left;
for await (const message of client.messages.list({ status: "failed" })) message.gateway_reference?.toUpperCase();
const { accepted } = await client.broadcasts.start({ channel: "email", text: "a", recipients: [{ to: "a@b.c" }] });
const event = await verifyWebhook("{}", new Headers(), ["whsec_x"]);
const wait = (error: unknown): number => (error instanceof LimitExceeded ? (error.retryAfter ?? 0) : 0);

// @ts-expect-error no such channel
await client.verifications.issue({ channel: "fax", to: "1" });
// @ts-expect-error `to` is required
await client.messages.send({ channel: "sms", text: "a" });
// @ts-expect-error no such field
await client.verifications.issue({ channel: "sms", to: "1", purpos: "login" });

export { accepted, event, left, wait };
