"""Messages other than codes, and broadcasts."""

from collections.abc import Mapping
from datetime import datetime

from sendcode.answers import Channel, Message, MessageStatus, Page
from sendcode.calls import Call, R, Resource, get, operation, page, post, segment
from sendcode.paging import Listing


class Messages(Resource[R]):
    """`client.messages`"""

    @operation("sendMessage")
    def send(
        self,
        channel: Channel,
        to: str,
        *,
        text: str | None = None,
        subject: str | None = None,
        html: str | None = None,
        template: str | None = None,
        params: Mapping[str, str | int | float] | None = None,
        locale: str | None = None,
        send_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Message]:
        """Send one notice: a `template`, or `text` and what belongs to it, in which `{{ name }}` is replaced.

        `send_at` needs a time zone. Raises InvalidInput and LimitExceeded.
        """
        body = {
            "channel": channel,
            "to": to,
            "text": text,
            "subject": subject,
            "html": html,
            "template": template,
            "params": params,
            "locale": locale,
            "send_at": send_at,
        }
        return post("/messages", Message, body, key=idempotency_key)

    @operation("getMessage")
    def get(self, message_id: str) -> Call[Message]:
        """Return a message. Raises NotFound."""
        return get(f"/messages/{segment(message_id)}", Message)

    @operation("listMessages")
    def page(
        self,
        *,
        status: MessageStatus | None = None,
        channel: Channel | None = None,
        to: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Call[Page[Message]]:
        """Return one page of messages, newest first; `cursor` is `next_cursor` of the page before."""
        query = {"status": status, "channel": channel, "to": to, "limit": limit, "cursor": cursor}
        return page("/messages", "messages", Message, **query)

    list = Listing(page)

    @operation("cancelMessage")
    def cancel(self, message_id: str) -> Call[Message]:
        """Take a message back. Raises Conflict once a worker has it."""
        return post(f"/messages/{segment(message_id)}/cancel", Message)

    @operation("resendMessage")
    def resend(self, message_id: str, *, idempotency_key: str | None = None) -> Call[Message]:
        """Send a settled message again, as a new one. Raises Conflict for one that is on its way."""
        return post(f"/messages/{segment(message_id)}/resend", Message, key=idempotency_key)
