"""`flask --app app keys`: API keys."""

import click

from commands.groups import DatabaseGroup, plain_errors, settings_of, show_rows
from services.keys import api_keys, key_rotation, twilio_tokens
from services.keys.key_owners import Scope
from services.keys.key_views import KeyView

keys = DatabaseGroup("keys", help="API keys, for the programs that call the API.")


@keys.command("add")
@click.argument("name")
@click.option("--test", "is_test", is_flag=True, help="A test key: its messages never reach a gateway.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; may be repeated. Default: all but own_codes.",
)
@click.option(
    "--allow",
    "networks",
    multiple=True,
    metavar="ADDRESS",
    help="An address or network it may be used from; may be repeated. Default: everywhere.",
)
def add(name: str, is_test: bool, scopes: tuple[str, ...], networks: tuple[str, ...]) -> None:
    """Create a key and print it; it can't be shown again."""
    with plain_errors():
        view, text = api_keys.create(name, is_test=is_test, scopes=scopes or None, networks=networks)
    if any(one.name == view.name and one.id != view.id and not one.revoked_at for one in api_keys.list_all()):
        click.echo(f"Another key is called {view.name}, too: commands take its id.", err=True)
    click.echo(f"Key {view.id} ({', '.join(view.scopes)}) of {view.name}, shown this once:", err=True)
    click.echo(text)


@keys.command("list")
def show() -> None:
    """List all keys, newest first: id, first characters, state, scopes, addresses, last use, name."""
    headings = ("ID", "BEGINS", "STATE", "SCOPES", "ADDRESSES", "LAST USE", "NAME")
    show_rows(headings, map(_cells, api_keys.list_all()))


@keys.command("rotate")
@click.argument("key", metavar="NAME|ID")
@click.option(
    "--overlap",
    type=click.Choice(list(key_rotation.OVERLAPS)),
    default=key_rotation.USUAL,
    show_default=True,
    help="How long the old secret still works; 0 if it has leaked.",
)
def rotate(key: str, overlap: str) -> None:
    """Give a key a new secret and print it; the key keeps its id, its messages and its limits."""
    with plain_errors():
        view, text = key_rotation.rotate(api_keys.find(key).id, overlap)
    until = view.secrets[1].expires_at
    ends = "ended" if overlap == "0" or until is None else f"ends {until.isoformat(timespec='seconds')}"
    click.echo(f"New secret of {view.name}, shown this once; the old one {ends}:", err=True)
    click.echo(text)


@keys.command("twilio")
@click.argument("key", metavar="NAME|ID")
def twilio(key: str) -> None:
    """Make credentials for a Twilio SDK and print them; an older token works for another 24 h."""
    with plain_errors():
        view, credentials = twilio_tokens.give(api_keys.find(key).id)
    click.echo(f"Twilio credentials of {view.name}, the token shown this once:", err=True)
    for line in credentials.lines:
        click.echo(line)


@keys.command("allow")
@click.argument("key", metavar="NAME|ID")
@click.argument("networks", metavar="[ADDRESS...]", nargs=-1)
def allow(key: str, networks: tuple[str, ...]) -> None:
    """Restrict a key to these addresses and networks; without any, it may be used from everywhere."""
    with plain_errors():
        found = api_keys.find(key)
        view = api_keys.edit(found.id, scopes=found.scopes, networks=networks)
    click.echo(f"{view.name} may be used from {', '.join(view.networks) or 'everywhere'}", err=True)


@keys.command("set")
@click.argument("key", metavar="NAME|ID")
@click.argument("settings", metavar="[SETTING=VALUE...]", nargs=-1)
def configure(key: str, settings: tuple[str, ...]) -> None:
    """Give a key settings of its own: service_name, sender, code_length, code_ttl_seconds, code_attempts,
    locale.

    Others stay as they are; an empty value takes the installation's again. Without any, print what the key has.
    """
    with plain_errors():
        view = api_keys.find(key)
        if settings:
            given = settings_of(settings)
            view = api_keys.configure(view.id, {**view.settings, **given})
    for name, value in view.settings.items():
        click.echo(f"{name}={value}")


@keys.command("revoke")
@click.argument("key", metavar="NAME|ID")
def revoke(key: str) -> None:
    """Revoke a key for good."""
    with plain_errors():
        view = api_keys.revoke(api_keys.find(key).id)
    click.echo(f"{view.name} revoked", err=True)


def _cells(view: KeyView) -> tuple[str, ...]:
    state = "revoked" if view.revoked_at else f"active{'+old' * len(view.overlapping)}"
    used = view.last_used_at.isoformat(timespec="seconds") if view.last_used_at else "never"
    scopes, places = ",".join(view.scopes), ",".join(view.networks) or "everywhere"
    return view.id, f"{view.hint}…", state, scopes, places, f"used {used}", view.name
