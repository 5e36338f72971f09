// Made from the API's OpenAPI document by `python -m devtools.openapi_types`; changes here are lost.

export interface Accepted {
  id: string;
  accepted: number;
  rejected: Array<Rejected>;
}

export interface Alive {
  status: string;
  /** The release that answers. */
  version: string;
}

export interface Broadcast {
  id: string;
  channel: "sms" | "email";
  template: string | null;
  status: "scheduled" | "sending" | "paused" | "done" | "canceled";
  accepted: number;
  rejected: number;
  counts: Record<string, number>;
  send_at: string;
  created_at: string;
}

export interface Changes {
  /** Where events are posted to: https://, or http://. It must lead to a public address. */
  url?: string | null;
  /** An empty list: all. */
  events?: Array<"verification.created" | "verification.sent" | "verification.delivered" | "verification.undelivered" | "verification.approved" | "verification.locked" | "verification.expired" | "verification.canceled" | "message.sent" | "message.delivered" | "message.undelivered" | "message.failed" | "message.expired" | "broadcast.finished" | "recipient.unsubscribed" | "recipient.bounced" | "guard.closed" | "gateway.down" | "gateway.up"> | null;
  description?: string | null;
  /** Switches it off, or on again. What was given up meanwhile can be replayed. */
  enabled?: boolean | null;
}

export interface Check {
  ok: boolean;
  detail: string;
}

export interface CheckResult {
  id: string;
  status: "pending" | "approved" | "locked" | "expired" | "canceled";
  valid: boolean;
  /** null if attempts are not limited. */
  attempts_left: number | null;
}

export interface Codes {
  issued: number;
  approved: number;
  /** approved / issued; null if none was issued. */
  conversion: number | null;
}

export interface Deliveries {
  deliveries: Array<Delivery>;
  /** null on the last page. */
  next_cursor: string | null;
}

export interface Delivery {
  id: string;
  /** `webhook-id`, the same at every try. */
  event_id: string;
  type: string;
  status: "waiting" | "sending" | "delivered" | "failed";
  tries: number;
  /** The HTTP status of the last answer. */
  answer_status: number | null;
  /** The first part of its body. */
  answer: string | null;
  /** Why there was no answer. */
  error: string | null;
  took_ms: number | null;
  tried_at: string | null;
  next_try_at: string | null;
  created_at: string;
  settled_at: string | null;
}

export interface FieldError {
  field: string;
  message: string;
}

export interface FileAccepted {
  id: string;
  accepted: number;
  rejected: Array<RejectedRow>;
}

export interface FileError {
  row?: number;
  column?: string;
  code?: string;
  detail?: string;
  field?: string;
  message?: string;
}

export interface FileProblem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  /** that of the answer's `X-Request-Id`; a replayed answer has the first */
  request_id: string;
  errors?: Array<FileError>;
  /** with 429: the name of the limit that was hit */
  limit?: string;
}

export interface Group {
  /** Each message counts once; one that is `delivered` is no longer `sent`. */
  messages: Record<string, number>;
  verifications: Codes;
  /** The day of creation, in UTC. */
  day: string;
  channel: "sms" | "email";
  /** The last one asked, null if none. A code counts with its last message. */
  gateway: string | null;
}

export interface Guess {
  /** What was typed; white space, dashes and marks that print nothing are ignored. */
  code: string;
}

export interface GuessFor {
  /** What was typed; white space, dashes and marks that print nothing are ignored. */
  code: string;
  /** An e-mail address or a phone number; a number without + belongs to the home region. */
  to: string;
  /** What the code is for; a code for one purpose is refused for another. */
  purpose?: string | null;
  /** Default: inferred from `to`. */
  channel?: "sms" | "email" | null;
}

export interface MadeWebhook {
  id: string;
  url: string;
  /** null: all. */
  events: Array<string> | null;
  description: string | null;
  enabled: boolean;
  /** `asked`: switched off by a caller or an operator; `gone`: it answered 410; `failing`: five days of nothing but failures. */
  disabled_reason: string | null;
  disabled_at: string | null;
  /** The first failure since the last success. */
  failing_since: string | null;
  created_at: string;
  /** Shown this once; it verifies `webhook-signature`. */
  secret: string;
}

export interface Message {
  id: string;
  channel: "sms" | "email";
  to: string;
  template: string | null;
  status: "queued" | "sending" | "sent" | "delivered" | "undelivered" | "failed" | "expired" | "canceled";
  /** 0 if sent or delivered, -1 if it never will be, null while that is open. */
  result: number | null;
  gateway: string | null;
  gateway_reference: string | null;
  tries: number;
  error: string | null;
  /** The time asked for; null: at once. */
  send_at: string | null;
  created_at: string;
  sent_at: string | null;
  settled_at: string | null;
}

export interface MessageOfVerification {
  id: string;
  status: "queued" | "sending" | "sent" | "delivered" | "undelivered" | "failed" | "expired" | "canceled";
}

export interface Messages {
  messages: Array<Message>;
  /** null on the last page. */
  next_cursor: string | null;
}

export interface NewBroadcast {
  channel: "sms" | "email";
  /** The name of a template. */
  template?: string | null;
  /** BCP 47; the nearest available language is used. */
  locale?: string | null;
  /** For e-mail, with `text`. */
  subject?: string | null;
  /** Instead of a template. */
  text?: string | null;
  /** For e-mail, in addition to `text`. */
  html?: string | null;
  /** At most 30 days ahead; default: now. */
  send_at?: string | null;
  recipients: Array<Recipient>;
}

export interface NewMessage {
  channel: "sms" | "email";
  /** The name of a template. */
  template?: string | null;
  /** BCP 47; the nearest available language is used. */
  locale?: string | null;
  /** For e-mail, with `text`. */
  subject?: string | null;
  /** Instead of a template. */
  text?: string | null;
  /** For e-mail, in addition to `text`. */
  html?: string | null;
  /** At most 30 days ahead; default: now. */
  send_at?: string | null;
  /** An e-mail address or a phone number; a number without + belongs to the home region. */
  to: string;
  /** Texts and numbers for the placeholders. */
  params?: Record<string, unknown> | null;
}

export interface NewStep {
  channel: "sms" | "email";
  /** An e-mail address or a phone number; a number without + belongs to the home region. Default: the one of the verification. */
  to?: string | null;
  /** After the step before. Default: what the console says for the purpose, or 60. */
  after_seconds?: number | null;
}

export interface NewVerification {
  channel: "sms" | "email";
  /** An e-mail address or a phone number; a number without + belongs to the home region. */
  to: string;
  /** What the code is for; a code for one purpose is refused for another. */
  purpose?: string | null;
  /** BCP 47; the nearest available language is used. */
  locale?: string | null;
  /** Your own data, returned in every answer. */
  metadata?: Record<string, string> | null;
  /** The end user's address, for the limit per address. */
  client_ip?: string | null;
  /** Your own code: digits or capital letters. */
  code?: string | null;
  /** Where else the same code goes if it does not arrive and is not entered. */
  fallback?: Array<NewStep> | null;
}

export interface NewWebhook {
  /** Where events are posted to: https://, or http://. It must lead to a public address. */
  url: string;
  /** The types of events it gets; left out or empty: all that concern what the key does. */
  events?: Array<"verification.created" | "verification.sent" | "verification.delivered" | "verification.undelivered" | "verification.approved" | "verification.locked" | "verification.expired" | "verification.canceled" | "message.sent" | "message.delivered" | "message.undelivered" | "message.failed" | "message.expired" | "broadcast.finished" | "recipient.unsubscribed" | "recipient.bounced" | "guard.closed" | "gateway.down" | "gateway.up"> | null;
  description?: string | null;
}

export interface Nothing {
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  /** that of the answer's `X-Request-Id`; a replayed answer has the first */
  request_id: string;
  /** with 422: each invalid field */
  errors?: Array<FieldError>;
  /** with 429: the name of the limit that was hit */
  limit?: string;
}

export interface Ready {
  database: Check;
  oldest_due_message: Check;
  worker: Check;
  clock: Check;
  broker: Check;
}

export interface Recipient {
  /** An e-mail address or a phone number; a number without + belongs to the home region. */
  to: string;
  /** Texts and numbers for the placeholders. */
  params?: Record<string, unknown> | null;
}

export interface Rejected {
  /** The index in `recipients`, from 0. */
  index: number;
  code: string;
  detail: string;
}

export interface RejectedRow {
  /** The index below the row of names, from 0. */
  index: number;
  code: "invalid_number" | "invalid_address" | "country_not_allowed" | "missing_value" | "invalid_value" | "too_long" | "duplicate" | "suppressed" | "blank" | "wrong_columns" | "missing_column";
  detail: string;
  /** Its number in a spreadsheet; the row of names is 1. */
  row: number;
  /** The name of its column; empty for the whole row. */
  column: string;
}

export interface Replay {
  /** The id of one delivery. */
  delivery?: string | null;
  since?: string | null;
  until?: string | null;
  /** Only what was given up. */
  failed_only?: boolean | null;
}

export interface Replayed {
  replayed: number;
}

export interface Statistics {
  since: string;
  until: string;
  total: Tally;
  /** Oldest first; empty groups are left out. */
  groups: Array<Group>;
}

export interface Step {
  channel: "sms" | "email";
  to: string;
  /** That of its message; `waiting` before its time, `skipped` if it was refused, `canceled` if the verification ended before. */
  status: "waiting" | "skipped" | "queued" | "sending" | "sent" | "delivered" | "undelivered" | "failed" | "expired" | "canceled";
  /** null for the first send. */
  after_seconds: number | null;
  /** When it was taken or skipped. */
  at: string | null;
  message: MessageOfVerification | null;
  /** Why it was skipped: the limit, or the code of the error. */
  reason: string | null;
}

export interface Tally {
  /** Each message counts once; one that is `delivered` is no longer `sent`. */
  messages: Record<string, number>;
  verifications: Codes;
}

export interface Verification {
  id: string;
  channel: "sms" | "email";
  /** E.164, or the normalised e-mail address. */
  to: string;
  purpose: string;
  status: "pending" | "approved" | "locked" | "expired" | "canceled";
  /** null if attempts are not limited. */
  attempts_left: number | null;
  created_at: string;
  expires_at: string;
  /** A resend is refused before this time. */
  resend_at: string;
  message: MessageOfVerification;
  metadata: Record<string, string>;
  /** The ways of the code, in order; only with a `fallback`. */
  steps?: Array<Step>;
}

export interface Webhook {
  id: string;
  url: string;
  /** null: all. */
  events: Array<string> | null;
  description: string | null;
  enabled: boolean;
  /** `asked`: switched off by a caller or an operator; `gone`: it answered 410; `failing`: five days of nothing but failures. */
  disabled_reason: string | null;
  disabled_at: string | null;
  /** The first failure since the last success. */
  failing_since: string | null;
  created_at: string;
}

export interface Webhooks {
  webhooks: Array<Webhook>;
}

/** Every operation that needs a key, by its `operationId`. */
export interface Operations {
  /** Send a code */
  issueVerification: {
    method: "POST";
    path: "/api/v1/verifications";
    body: NewVerification;
    query: undefined;
    answer: Verification;
  };
  /** Get a verification */
  getVerification: {
    method: "GET";
    path: "/api/v1/verifications/{verification_id}";
    body: undefined;
    query: undefined;
    answer: Verification;
  };
  /** Check a code */
  checkVerification: {
    method: "POST";
    path: "/api/v1/verifications/{verification_id}/check";
    body: Guess;
    query: undefined;
    answer: CheckResult;
  };
  /** Check a code by destination */
  checkNewestVerification: {
    method: "POST";
    path: "/api/v1/verifications/check";
    body: GuessFor;
    query: undefined;
    answer: CheckResult;
  };
  /** Send the same code again */
  resendVerification: {
    method: "POST";
    path: "/api/v1/verifications/{verification_id}/resend";
    body: Nothing;
    query: undefined;
    answer: Verification;
  };
  /** Send the code the next way */
  takeNextChannel: {
    method: "POST";
    path: "/api/v1/verifications/{verification_id}/next-channel";
    body: Nothing;
    query: undefined;
    answer: Verification;
  };
  /** Cancel a pending verification */
  cancelVerification: {
    method: "POST";
    path: "/api/v1/verifications/{verification_id}/cancel";
    body: Nothing;
    query: undefined;
    answer: Verification;
  };
  /** Send a message */
  sendMessage: {
    method: "POST";
    path: "/api/v1/messages";
    body: NewMessage;
    query: undefined;
    answer: Message;
  };
  /** List messages, newest first */
  listMessages: {
    method: "GET";
    path: "/api/v1/messages";
    body: undefined;
    query: { status?: "queued" | "sending" | "sent" | "delivered" | "undelivered" | "failed" | "expired" | "canceled" | null; channel?: "sms" | "email" | null; to?: string | null; limit?: number | null; cursor?: string | null };
    answer: Messages;
  };
  /** Get a message */
  getMessage: {
    method: "GET";
    path: "/api/v1/messages/{message_id}";
    body: undefined;
    query: undefined;
    answer: Message;
  };
  /** Cancel a message */
  cancelMessage: {
    method: "POST";
    path: "/api/v1/messages/{message_id}/cancel";
    body: Nothing;
    query: undefined;
    answer: Message;
  };
  /** Resend a settled message */
  resendMessage: {
    method: "POST";
    path: "/api/v1/messages/{message_id}/resend";
    body: Nothing;
    query: undefined;
    answer: Message;
  };
  /** Start a broadcast */
  startBroadcast: {
    method: "POST";
    path: "/api/v1/broadcasts";
    body: NewBroadcast;
    query: undefined;
    answer: Accepted;
  };
  /** Get a broadcast, with its messages counted by status */
  getBroadcast: {
    method: "GET";
    path: "/api/v1/broadcasts/{broadcast_id}";
    body: undefined;
    query: undefined;
    answer: Broadcast;
  };
  /** Pause a broadcast */
  pauseBroadcast: {
    method: "POST";
    path: "/api/v1/broadcasts/{broadcast_id}/pause";
    body: Nothing;
    query: undefined;
    answer: Broadcast;
  };
  /** Resume a paused broadcast */
  resumeBroadcast: {
    method: "POST";
    path: "/api/v1/broadcasts/{broadcast_id}/resume";
    body: Nothing;
    query: undefined;
    answer: Broadcast;
  };
  /** Cancel the messages that no worker has claimed */
  cancelBroadcast: {
    method: "POST";
    path: "/api/v1/broadcasts/{broadcast_id}/cancel";
    body: Nothing;
    query: undefined;
    answer: Broadcast;
  };
  /** Start a broadcast to the recipients in a file */
  startBroadcastFromFile: {
    method: "POST";
    path: "/api/v1/broadcasts/csv";
    body: undefined;
    query: { channel?: "sms" | "email"; template?: string; send?: "all" | "good" | null; locale?: string | null; name?: string | null; send_at?: string | null };
    answer: FileAccepted;
  };
  /** Add a webhook */
  addWebhook: {
    method: "POST";
    path: "/api/v1/webhooks";
    body: NewWebhook;
    query: undefined;
    answer: MadeWebhook;
  };
  /** List the webhooks of this key */
  listWebhooks: {
    method: "GET";
    path: "/api/v1/webhooks";
    body: undefined;
    query: undefined;
    answer: Webhooks;
  };
  /** Get a webhook */
  getWebhook: {
    method: "GET";
    path: "/api/v1/webhooks/{webhook_id}";
    body: undefined;
    query: undefined;
    answer: Webhook;
  };
  /** Change a webhook, or switch it off or on */
  editWebhook: {
    method: "PATCH";
    path: "/api/v1/webhooks/{webhook_id}";
    body: Changes;
    query: undefined;
    answer: Webhook;
  };
  /** Remove a webhook */
  removeWebhook: {
    method: "DELETE";
    path: "/api/v1/webhooks/{webhook_id}";
    body: undefined;
    query: undefined;
    answer: undefined;
  };
  /** Give a webhook a new secret */
  rotateWebhook: {
    method: "POST";
    path: "/api/v1/webhooks/{webhook_id}/rotate";
    body: Nothing;
    query: undefined;
    answer: MadeWebhook;
  };
  /** Post a test event */
  testWebhook: {
    method: "POST";
    path: "/api/v1/webhooks/{webhook_id}/test";
    body: Nothing;
    query: undefined;
    answer: Delivery;
  };
  /** List deliveries */
  listDeliveries: {
    method: "GET";
    path: "/api/v1/webhooks/{webhook_id}/deliveries";
    body: undefined;
    query: { status?: "waiting" | "sending" | "delivered" | "failed" | null; limit?: number | null; cursor?: string | null };
    answer: Deliveries;
  };
  /** Post deliveries again */
  replayDeliveries: {
    method: "POST";
    path: "/api/v1/webhooks/{webhook_id}/replay";
    body: Replay;
    query: undefined;
    answer: Replayed;
  };
  /** Get the statistics of this key */
  getStatistics: {
    method: "GET";
    path: "/api/v1/stats";
    body: undefined;
    query: { days?: number | null };
    answer: Statistics;
  };
}
