"""Broadcasts: one text to many recipients."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sendcode.answers import Accepted, Broadcast, Channel, FileAccepted
from sendcode.calls import Call, R, Resource, get, operation, post, post_file, segment


class Broadcasts(Resource[R]):
    """`client.broadcasts`"""

    @operation("startBroadcast")
    def start(
        self,
        channel: Channel,
        recipients: Sequence[Mapping[str, Any]],
        *,
        text: str | None = None,
        subject: str | None = None,
        html: str | None = None,
        template: str | None = None,
        locale: str | None = None,
        send_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[Accepted]:
        """Send one text to up to 10,000 recipients, each `{"to": …, "params": {…}}`; the answer lists bad ones."""
        body = {
            "channel": channel,
            "recipients": [dict(one) for one in recipients],
            "text": text,
            "subject": subject,
            "html": html,
            "template": template,
            "locale": locale,
            "send_at": send_at,
        }
        return post("/broadcasts", Accepted, body, key=idempotency_key)

    @operation("startBroadcastFromFile")
    def start_from_file(
        self,
        channel: Channel,
        template: str,
        file: bytes,
        *,
        send: Literal["all", "good"] = "all",
        locale: str | None = None,
        name: str | None = None,
        send_at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Call[FileAccepted]:
        """Send a template to up to 100,000 recipients in a CSV or XLSX file, whose first row names its columns.

        Raises BadRows where a row is bad and `send` is `all`; with `good` such rows are left out. A long file takes
        the service up to a minute: use a client whose `timeout` and `deadline` allow it.
        """
        return post_file(
            "/broadcasts/csv",
            FileAccepted,
            file,
            key=idempotency_key,
            channel=channel,
            template=template,
            send=send,
            locale=locale,
            name=name,
            send_at=send_at,
        )

    @operation("getBroadcast")
    def get(self, broadcast_id: str) -> Call[Broadcast]:
        """Return a broadcast, with the counts of its messages. Raises NotFound."""
        return get(f"/broadcasts/{segment(broadcast_id)}", Broadcast)

    @operation("pauseBroadcast")
    def pause(self, broadcast_id: str) -> Call[Broadcast]:
        """Stop for now. Raises Conflict if it has ended."""
        return post(f"/broadcasts/{segment(broadcast_id)}/pause", Broadcast)

    @operation("resumeBroadcast")
    def resume(self, broadcast_id: str) -> Call[Broadcast]:
        """Go on. Raises Conflict if it has ended."""
        return post(f"/broadcasts/{segment(broadcast_id)}/resume", Broadcast)

    @operation("cancelBroadcast")
    def cancel(self, broadcast_id: str) -> Call[Broadcast]:
        """Take back what is not sent yet. Raises Conflict if it has ended."""
        return post(f"/broadcasts/{segment(broadcast_id)}/cancel", Broadcast)
