// Sign in with a code: SENDCODE_URL=… SENDCODE_KEY=… node sign-in.mjs +8613800138000
import { createInterface } from "node:readline";

import { LimitExceeded, MalformedCode, Sendcode } from "../src/index.js"; // "@sendcode/client" in your project

const client = new Sendcode(process.env.SENDCODE_URL, process.env.SENDCODE_KEY);
const verification = await client.verifications
  .issue({ channel: "sms", to: process.argv[2], purpose: "login" })
  .catch((error) => {
    if (!(error instanceof LimitExceeded)) throw error;
    console.log(`Try again in ${error.retryAfter} s.`);
    process.exit(1);
  });
console.log(`A code is on its way to ${verification.to}.`);
for await (const typed of createInterface({ input: process.stdin })) {
  const result = await client.verifications.check(verification.id, typed.trim()).catch((error) => {
    if (error instanceof MalformedCode) return null;
    throw error;
  });
  if (result === null) console.log("This is no code.");
  else console.log(result.valid ? "Welcome." : `Wrong, ${result.attempts_left} attempts left.`);
  if (result && (result.valid || result.attempts_left === 0)) break;
}
process.exit(0);
