// Twilio's own Node SDK, unchanged but for the address: does what the lines on stdin ask for, one JSON answer each.
const readline = require("readline");
const twilio = require("twilio");

const [url, account, token, service] = process.argv.slice(2);
const client = twilio(account, token);
client.verify.baseUrl = client.api.baseUrl = url;
const verify = client.verify.v2.services(service);

const CALLS = {
  create: (given) => verify.verifications.create(given),
  fetch: (given) => verify.verifications(given.which).fetch(),
  update: (given) => verify.verifications(given.which).update({ status: given.status }),
  check: (given) => verify.verificationChecks.create(given),
  send: (given) => client.messages.create(given),
  list: async (given) => ({ sids: (await client.messages.list(given)).map((one) => one.sid) }),
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, given] = JSON.parse(line);
    let answer;
    try {
      const { sid, sids, status, valid, dateCreated } = await CALLS[name](given);
      answer = { sid, sids, status, valid, isDate: dateCreated instanceof Date };
    } catch (error) {
      answer = { error: error.constructor.name, status: error.status, code: error.code };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
})();
