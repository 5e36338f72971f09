// Verifies one event of stdin with the official library, in the words of docs/webhooks.md; prints null if it is refused.
import { readFileSync } from "node:fs";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

const { secret, body, headers } = JSON.parse(readFileSync(0, "utf8"));
try {
  console.log(JSON.stringify(new Webhook(secret).verify(Buffer.from(body), headers)));
} catch (error) {
  if (!(error instanceof WebhookVerificationError)) throw error;
  console.log("null");
}
