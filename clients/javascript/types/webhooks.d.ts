/** An endpoint that gets events. */
export interface Webhook {
  id: string;
  url: string;
  /** null: all. */
  events: string[] | null;
  description: string | null;
  enabled: boolean;
  disabled_reason: string | null;
  disabled_at: string | null;
  failing_since: string | null;
  created_at: string;
}

export interface MadeWebhook extends Webhook {
  /** Shown this once; for `verifyWebhook`. */
  secret: string;
}

export interface NewWebhook {
  url: string;
  events?: string[] | null;
  description?: string | null;
}

export interface WebhookChanges {
  url?: string;
  events?: string[];
  description?: string;
  enabled?: boolean;
}

/** One event for one endpoint, and how it was answered last. */
export interface Delivery {
  id: string;
  /** `webhook-id`, the same at every try. */
  event_id: string;
  type: string;
  status: string;
  tries: number;
  answer_status: number | null;
  answer: string | null;
  error: string | null;
  took_ms: number | null;
  tried_at: string | null;
  next_try_at: string | null;
  created_at: string;
  settled_at: string | null;
}
