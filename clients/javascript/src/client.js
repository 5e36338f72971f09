/** The client: one is enough for a process. */

import { converse } from "./conversation.js";
import { OPERATIONS, pathOf } from "./operations.js";
import { webCrypto } from "./crypto.js";

export class Sendcode {
  #settings;

  /**
   * `timeoutMs` limits one try, `deadlineMs` a call with its retries. `fetch` may be your own, in tests above all.
   * Throws TypeError for what can be no URL or no key.
   */
  constructor(baseUrl, key, options = {}) {
    if (!/^https?:\/\//.test(baseUrl ?? "")) throw new TypeError("baseUrl must start with https:// or http://");
    if (!/^[\x21-\x7e]+$/.test(key ?? "")) throw new TypeError("the key must be what `keys add` printed");
    this.#settings = {
      baseUrl: baseUrl.replace(/\/+$/, "").replace(/\/api\/v1$/, ""),
      key,
      timeoutMs: options.timeoutMs ?? 5_000,
      deadlineMs: options.deadlineMs ?? 10_000,
      fetch: options.fetch ?? ((...given) => globalThis.fetch(...given)),
      sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
      now: options.now ?? (() => performance.now()),
      newKey: async () => (await webCrypto()).randomUUID(),
    };
    this.verifications = {
      issue: (body, options) => this.#run("issueVerification", { body, ...options }),
      get: (id) => this.#run("getVerification", { id }),
      check: (id, code) => this.#run("checkVerification", { id, body: { code } }),
      checkNewest: (body) => this.#run("checkNewestVerification", { body }),
      resend: (id, options) => this.#run("resendVerification", { id, ...options }),
      nextChannel: (id, options) => this.#run("takeNextChannel", { id, ...options }),
      cancel: (id) => this.#run("cancelVerification", { id }),
    };
    this.messages = {
      send: (body, options) => this.#run("sendMessage", { body, ...options }),
      get: (id) => this.#run("getMessage", { id }),
      page: (query) => this.#run("listMessages", { query }),
      list: (query) => this.#each("listMessages", "messages", { query }),
      cancel: (id) => this.#run("cancelMessage", { id }),
      resend: (id, options) => this.#run("resendMessage", { id, ...options }),
    };
    this.broadcasts = {
      start: (body, options) => this.#run("startBroadcast", { body, ...options }),
      startFromFile: (file, query, options) => this.#run("startBroadcastFromFile", { file, query, ...options }),
      get: (id) => this.#run("getBroadcast", { id }),
      pause: (id) => this.#run("pauseBroadcast", { id }),
      resume: (id) => this.#run("resumeBroadcast", { id }),
      cancel: (id) => this.#run("cancelBroadcast", { id }),
    };
    this.stats = { get: (query) => this.#run("getStatistics", { query }) };
    this.webhooks = {
      add: (body, options) => this.#run("addWebhook", { body, ...options }),
      list: () => this.#run("listWebhooks", {}),
      get: (id) => this.#run("getWebhook", { id }),
      edit: (id, body) => this.#run("editWebhook", { id, body }),
      remove: (id) => this.#run("removeWebhook", { id }),
      rotate: (id) => this.#run("rotateWebhook", { id }),
      test: (id) => this.#run("testWebhook", { id }),
      deliveriesPage: (id, query) => this.#run("listDeliveries", { id, query }),
      deliveries: (id, query) => this.#each("listDeliveries", "deliveries", { id, query }),
      replay: (id, body) => this.#run("replayDeliveries", { id, body }),
    };
  }

  async #run(name, { id, query, body, file, idempotencyKey }) {
    const [method, template] = OPERATIONS[name];
    const hasBody = method !== "GET" && method !== "DELETE" && file === undefined;
    const sent = hasBody ? (body ?? {}) : undefined;
    return converse({ method, path: pathOf(template, id, query), body: sent, file, idempotencyKey }, this.#settings);
  }

  async *#each(name, member, { id, query }) {
    let cursor = query?.cursor;
    do {
      const page = await this.#run(name, { id, query: { ...query, cursor } });
      yield* page[member];
      cursor = page.next_cursor;
    } while (cursor !== null && cursor !== undefined);
  }
}
