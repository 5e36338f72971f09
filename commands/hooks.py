"""`flask --app app hooks`: addresses for identity servers and alert senders."""

import sys

import click

from commands.groups import DatabaseGroup, plain_errors, settings_of, show_rows
from domain.hooks import SECRET_IS_THEIRS, HookType
from domain.statuses import Channel
from services.hooks import hooks as service
from services.hooks.hook_views import HookView, url

hooks = DatabaseGroup("hooks", help="Addresses where identity servers and alert senders post.")
from_stdin = click.option(
    "--secret-stdin",
    is_flag=True,
    help="Read a secret that the server made from standard input: Zitadel and Authgear take none of ours.",
)


@hooks.command("add")
@click.argument("type", type=click.Choice([type.value for type in HookType]))
@click.argument("name")
@click.option(
    "--channel", type=click.Choice([channel.value for channel in Channel]), help="Send by this only."
)
@click.option("--to", "destinations", multiple=True, metavar="DEST", help="Where alerts go; may be repeated.")
@from_stdin
def add(type: str, name: str, channel: str | None, destinations: tuple[str, ...], secret_stdin: bool) -> None:
    """Add a hook; print its address and its secret, which can't be shown again."""
    with plain_errors():
        view, secret = service.add(
            type, name, channel=channel, destinations=destinations, secret=_given(secret_stdin)
        )
    _tell_of_their_secret(view, secret_stdin)
    _show(view, secret)


@hooks.command("list")
def show() -> None:
    """List all hooks, newest first: id, type, state, channel, own settings, last use, address, name."""
    headings = ("ID", "TYPE", "STATE", "CHANNEL", "SETTINGS", "LAST USE", "ADDRESS", "NAME")
    show_rows(headings, map(_cells, service.list_all()))


@hooks.command("rotate")
@click.argument("hook", metavar="NAME|ID")
@from_stdin
def rotate(hook: str, secret_stdin: bool) -> None:
    """Give a hook a new secret and print it; the old one works for 24 hours more."""
    with plain_errors():
        view, secret = service.rotate(service.find(hook).id, secret=_given(secret_stdin))
    _tell_of_their_secret(view, secret_stdin)
    _show(view, secret)


@hooks.command("set")
@click.argument("hook", metavar="NAME|ID")
@click.argument("settings", metavar="[SETTING=VALUE...]", nargs=-1)
def configure(hook: str, settings: tuple[str, ...]) -> None:
    """Give a hook settings of its own: text (ours or theirs), service_name, code_ttl_seconds, locale, verify_url.

    Others stay as they are; an empty value takes the installation's again. Without any, print what the hook has.
    """
    with plain_errors():
        view = service.find(hook)
        if settings:
            given = settings_of(settings)
            view = service.configure(view.id, {**view.settings, **given})
    for name, value in view.settings.items():
        click.echo(f"{name}={value}")


@hooks.command("on")
@click.argument("hook", metavar="NAME|ID")
def switch_on(hook: str) -> None:
    """Take posts again."""
    with plain_errors():
        view = service.switch(service.find(hook).id, is_on=True)
    click.echo(f"{view.name} takes posts", err=True)


@hooks.command("off")
@click.argument("hook", metavar="NAME|ID")
def switch_off(hook: str) -> None:
    """Refuse posts, as if the hook did not exist, until it is switched on again."""
    with plain_errors():
        view = service.switch(service.find(hook).id, is_on=False)
    click.echo(f"{view.name} takes no posts", err=True)


@hooks.command("remove")
@click.argument("hook", metavar="NAME|ID")
def remove(hook: str) -> None:
    """Remove a hook for good; what it sent stays."""
    with plain_errors():
        view = service.remove(service.find(hook).id)
    click.echo(f"{view.name} removed", err=True)


def _cells(view: HookView) -> tuple[str, ...]:
    state = "on" if view.is_on else "off"
    used = view.last_used_at.isoformat(timespec="seconds") if view.last_used_at else "never"
    own = ",".join(f"{name}={value}" for name, value in view.settings.items()) or "-"
    return view.id, view.type, state, view.channel or "any", own, f"used {used}", url(view.id), view.name


def _given(is_given: bool) -> str | None:
    if not is_given:
        return None
    if not (text := sys.stdin.readline().strip()):
        raise click.UsageError("no secret came on standard input, and nothing was changed")
    return text


def _show(view: HookView, secret: str) -> None:
    click.echo(f"URL={url(view.id)}")
    click.echo(f"SECRET={secret}")


def _tell_of_their_secret(view: HookView, is_given: bool) -> None:
    if view.type in SECRET_IS_THEIRS and not is_given:
        click.echo(
            f"{view.type} makes its own secret: give it with `hooks rotate {view.id} --secret-stdin`",
            err=True,
        )
