import type { Delivery, Message, Operations } from "../types/api.js";

export type * from "../types/api.js";

type Body<Name extends keyof Operations> = Operations[Name]["body"];
type Query<Name extends keyof Operations> = Operations[Name]["query"];
type Answer<Name extends keyof Operations> = Promise<Operations[Name]["answer"]>;

/** A POST with the same key is done once, also in another process; without one each call gets its own. */
export interface CallOptions {
  idempotencyKey?: string;
}

export interface Options {
  /** Limits one try; 5000. */
  timeoutMs?: number;
  /** Limits a call with its retries; 10000. */
  deadlineMs?: number;
  fetch?: typeof globalThis.fetch;
  sleep?: (ms: number) => Promise<void>;
  now?: () => number;
}

export class Sendcode {
  constructor(baseUrl: string, key: string, options?: Options);

  readonly verifications: {
    /** Sends a code; keep the `id` in the user's session. */
    issue(body: Body<"issueVerification">, options?: CallOptions): Answer<"issueVerification">;
    get(id: string): Answer<"getVerification">;
    /** Compares what the user typed. Let the user in only if `valid`. */
    check(id: string, code: string): Answer<"checkVerification">;
    checkNewest(body: Body<"checkNewestVerification">): Answer<"checkNewestVerification">;
    resend(id: string, options?: CallOptions): Answer<"resendVerification">;
    /** Takes the next step of the `fallback` now. */
    nextChannel(id: string, options?: CallOptions): Answer<"takeNextChannel">;
    cancel(id: string): Answer<"cancelVerification">;
  };
  readonly messages: {
    send(body: Body<"sendMessage">, options?: CallOptions): Answer<"sendMessage">;
    get(id: string): Answer<"getMessage">;
    page(query?: Query<"listMessages">): Answer<"listMessages">;
    /** Goes over all pages, newest first; `limit` is the size of a page. */
    list(query?: Query<"listMessages">): AsyncGenerator<Message, void>;
    cancel(id: string): Answer<"cancelMessage">;
    resend(id: string, options?: CallOptions): Answer<"resendMessage">;
  };
  readonly broadcasts: {
    start(body: Body<"startBroadcast">, options?: CallOptions): Answer<"startBroadcast">;
    /**
     * Sends to the recipients in a CSV or XLSX file, whose first row names its columns. Throws BadRows where a row is
     * bad, unless `send` is `good`. A long file takes up to a minute: give the client a longer `deadlineMs`.
     */
    startFromFile(
      file: string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
      query: Query<"startBroadcastFromFile">,
      options?: CallOptions,
    ): Answer<"startBroadcastFromFile">;
    get(id: string): Answer<"getBroadcast">;
    pause(id: string): Answer<"pauseBroadcast">;
    resume(id: string): Answer<"resumeBroadcast">;
    cancel(id: string): Answer<"cancelBroadcast">;
  };
  readonly stats: {
    get(query?: Query<"getStatistics">): Answer<"getStatistics">;
  };
  readonly webhooks: {
    /** The answer has the secret, which is never shown again. */
    add(body: Body<"addWebhook">, options?: CallOptions): Answer<"addWebhook">;
    list(): Answer<"listWebhooks">;
    get(id: string): Answer<"getWebhook">;
    edit(id: string, body: Body<"editWebhook">): Answer<"editWebhook">;
    remove(id: string): Promise<void>;
    rotate(id: string): Answer<"rotateWebhook">;
    test(id: string): Answer<"testWebhook">;
    deliveriesPage(id: string, query?: Query<"listDeliveries">): Answer<"listDeliveries">;
    /** Goes over all pages, newest first. */
    deliveries(id: string, query?: Query<"listDeliveries">): AsyncGenerator<Delivery, void>;
    replay(id: string, body?: Body<"replayDeliveries">): Answer<"replayDeliveries">;
  };
}

export class SendcodeError extends Error {}
export class Refused extends SendcodeError {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}
export class InvalidInput extends Refused {
  readonly errors: Array<{ field: string; message: string }>;
}
export class InvalidDestination extends InvalidInput {}
/** Nothing was sent; up to 10,000 rows are named. */
export class BadRows extends InvalidInput {
  readonly rows: Array<{ row: number; column: string; code: string; detail: string }>;
}
export class MalformedCode extends InvalidInput {}
export class NotAuthenticated extends Refused {}
export class NotAllowed extends Refused {}
export class NotFound extends Refused {}
export class Conflict extends Refused {}
export class LimitExceeded extends Refused {
  readonly limit: string;
  /** Seconds. */
  readonly retryAfter: number | null;
}
export class VerificationLocked extends LimitExceeded {}
export class DestinationLocked extends LimitExceeded {}
export class Unavailable extends SendcodeError {
  readonly status: number | null;
  readonly idempotencyKey: string | null;
}
export class InvalidSignature extends SendcodeError {}

export interface Event {
  /** The same at every try of one event. */
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** Throws InvalidSignature. `now` is in seconds. */
export function verifyWebhook(
  body: string | ArrayBuffer | Uint8Array,
  headers: Headers | Record<string, unknown>,
  secrets: string | readonly string[],
  options?: { toleranceSeconds?: number; now?: number },
): Promise<Event>;

export const OPERATIONS: Readonly<Record<string, readonly [method: string, path: string]>>;
export const VERSION: string;
