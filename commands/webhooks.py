"""`flask --app app webhooks`: events to programs."""

from datetime import UTC, datetime, timedelta

import click

from commands.groups import DatabaseGroup, plain_errors, show_rows
from domain.events import INSTALLATION, EventType
from domain.statuses import DeliveryStatus
from services.keys import api_keys, key_rotation
from services.webhooks import deliveries, endpoints
from services.webhooks.deliveries import Range
from services.webhooks.endpoint_views import EndpointView

webhooks = DatabaseGroup("webhooks", help="Events, posted to the endpoints of programs.")
MOST_SHOWN = 100


@webhooks.command("add")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([kind.value for kind in EventType]),
    help="A type of event it gets; may be repeated. Default: all.",
)
@click.option("--key", metavar="NAME|ID", help="Only what this API key does. Default: everything.")
@click.option("--description", help="What it is for.")
def add(url: str, events: tuple[str, ...], key: str | None, description: str | None) -> None:
    """Add an endpoint; print its id and its secret, which can't be shown again."""
    with plain_errors():
        owner = f"key:{api_keys.find(key).id}" if key else INSTALLATION
        made = endpoints.create(url, events=events, description=description, owner=owner)
    click.echo(f"ID={made.endpoint.id}")
    click.echo(f"SECRET={made.secret}")


@webhooks.command("list")
def show() -> None:
    """List all endpoints, newest first: id, state, whose events, types, URL."""
    show_rows(("ID", "STATE", "OWNER", "TYPES", "URL"), map(_cells, endpoints.list_all()))


@webhooks.command("deliveries")
@click.argument("webhook", metavar="ID")
@click.option("--status", type=click.Choice([status.value for status in DeliveryStatus]))
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=20, show_default=True)
def history(webhook: str, status: str | None, limit: int) -> None:
    """List what was delivered, newest first: id, time, type, status, tries, answer."""
    chosen = DeliveryStatus(status) if status else None
    with plain_errors():
        page = deliveries.page(webhook, status=chosen, limit=limit)
    rows = (
        (
            *(one.id, _time(one.created_at), one.type, one.status, f"{one.tries} tries"),
            str(one.answer_status or one.error or ""),
        )
        for one in page.deliveries
    )
    show_rows(("ID", "TIME", "TYPE", "STATUS", "TRIES", "ANSWER"), rows)


@webhooks.command("replay")
@click.argument("webhook", metavar="ID")
@click.option("--delivery", metavar="ID", help="Only this one.")
@click.option("--hours", type=click.IntRange(1, 24 * 365), help="Only those of the last hours.")
@click.option("--failed", "failed_only", is_flag=True, help="Only what was given up.")
def replay(webhook: str, delivery: str | None, hours: int | None, failed_only: bool) -> None:
    """Post deliveries again, with the same ids; print how many."""
    since = datetime.now(UTC) - timedelta(hours=hours) if hours else None
    with plain_errors():
        click.echo(deliveries.replay(webhook, Range(delivery, since, failed_only=failed_only)))


@webhooks.command("rotate")
@click.argument("webhook", metavar="ID")
@click.option(
    "--overlap",
    type=click.Choice(list(key_rotation.OVERLAPS)),
    default=key_rotation.USUAL,
    show_default=True,
    help="How long events are signed with the old secret, too; 0 if it has leaked.",
)
def rotate(webhook: str, overlap: str) -> None:
    """Give an endpoint a new secret and print it."""
    with plain_errors():
        made = endpoints.rotate(webhook, overlap=key_rotation.OVERLAPS[overlap])
    click.echo(f"SECRET={made.secret}")


@webhooks.command("test")
@click.argument("webhook", metavar="ID")
def send_test(webhook: str) -> None:
    """Post a test event."""
    with plain_errors():
        click.echo(deliveries.send_test(webhook).id)


@webhooks.command("enable")
@click.argument("webhook", metavar="ID")
def enable(webhook: str) -> None:
    """Switch an endpoint on."""
    with plain_errors():
        endpoints.edit(webhook, enabled=True)
    click.echo(f"{webhook} is on", err=True)


@webhooks.command("disable")
@click.argument("webhook", metavar="ID")
def disable(webhook: str) -> None:
    """Switch an endpoint off; what waits for it is given up, and can be replayed."""
    with plain_errors():
        endpoints.edit(webhook, enabled=False)
    click.echo(f"{webhook} is off", err=True)


@webhooks.command("remove")
@click.argument("webhook", metavar="ID")
def remove(webhook: str) -> None:
    """Remove an endpoint with its deliveries."""
    with plain_errors():
        endpoints.remove(webhook)
    click.echo(f"{webhook} removed", err=True)


def _cells(view: EndpointView) -> tuple[str, ...]:
    state = "on" if view.enabled else f"off ({view.disabled_reason})"
    failing = f", failing since {_time(view.failing_since)}" if view.failing_since else ""
    return view.id, state + failing, view.owner, ",".join(view.events or ["all"]), view.url


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
