"""Webhooks: events, posted to your program. `sendcode.webhooks.verify` checks what arrives."""

from collections.abc import Sequence
from datetime import datetime

from sendcode.answers import Page
from sendcode.calls import Call, R, Resource, delete, get, operation, page, patch, post, segment
from sendcode.paging import Listing
from sendcode.webhook_answers import Delivery, MadeWebhook, Replayed, Webhook
from sendcode.webhook_answers import Webhooks as List


class Webhooks(Resource[R]):
    """`client.webhooks`"""

    @operation("addWebhook")
    def add(
        self,
        url: str,
        *,
        events: Sequence[str] | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[MadeWebhook]:
        """Add an endpoint for `events`, by default all. Keep the `secret` of the answer: it is shown this once."""
        body = {"url": url, "events": _list(events), "description": description}
        return post("/webhooks", MadeWebhook, body, key=idempotency_key)

    @operation("listWebhooks")
    def list(self) -> Call[List]:
        """Return the endpoints of this key."""
        return get("/webhooks", List)

    @operation("getWebhook")
    def get(self, webhook_id: str) -> Call[Webhook]:
        """Return an endpoint. Raises NotFound."""
        return get(f"/webhooks/{segment(webhook_id)}", Webhook)

    @operation("editWebhook")
    def edit(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Call[Webhook]:
        """Change what is given, and nothing else; no `events` at all (`[]`) means all."""
        body = {"url": url, "events": _list(events), "description": description, "enabled": enabled}
        return patch(f"/webhooks/{segment(webhook_id)}", Webhook, body)

    @operation("removeWebhook")
    def remove(self, webhook_id: str) -> Call[None]:
        """Remove an endpoint with its deliveries. Raises NotFound."""
        return delete(f"/webhooks/{segment(webhook_id)}")

    @operation("rotateWebhook")
    def rotate(self, webhook_id: str) -> Call[MadeWebhook]:
        """Make a new secret; for 24 hours events are signed with both."""
        return post(f"/webhooks/{segment(webhook_id)}/rotate", MadeWebhook)

    @operation("testWebhook")
    def test(self, webhook_id: str) -> Call[Delivery]:
        """Post an event of type `webhook.test`. Raises Conflict while the endpoint is switched off."""
        return post(f"/webhooks/{segment(webhook_id)}/test", Delivery)

    @operation("listDeliveries")
    def deliveries_page(
        self,
        webhook_id: str,
        *,
        status: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[Delivery]]:
        """Return one page of deliveries, newest first."""
        path = f"/webhooks/{segment(webhook_id)}/deliveries"
        return page(path, "deliveries", Delivery, status=status, limit=limit, cursor=cursor)

    deliveries = Listing(deliveries_page)

    @operation("replayDeliveries")
    def replay(
        self,
        webhook_id: str,
        *,
        delivery: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        failed_only: bool | None = None,
    ) -> Call[Replayed]:
        """Post deliveries again, with the same ids: one, or those of a time; all that is kept if nothing is given."""
        body = {"delivery": delivery, "since": since, "until": until, "failed_only": failed_only}
        return post(f"/webhooks/{segment(webhook_id)}/replay", Replayed, body)


def _list(events: Sequence[str] | None) -> "list[str] | None":
    return None if events is None else [*events]
