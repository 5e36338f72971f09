"""`flask --app app keys`: the keys of the programs that call the API."""

import click

from commands.groups import DatabaseGroup
from domain.errors import InvalidInput, NotFound
from services import api_keys
from services.api_keys import Scope

keys = DatabaseGroup("keys", help="The keys of the programs that call the API.")


@keys.command("add")
@click.argument("name")
@click.option("--test", "is_test", is_flag=True, help="Runs the whole path and never reaches a gateway.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; can be said again. Without it: everything.",
)
def add(name: str, is_test: bool, scopes: tuple[str, ...]) -> None:
    """Make a key and print it; it can't be shown again."""
    try:
        view, text = api_keys.create(name, is_test=is_test, scopes=scopes or None)
    except InvalidInput as error:
        raise click.UsageError("; ".join(f"{one.field} {one.message}" for one in error.problems)) from error
    click.echo(f"Key {view.id} ({', '.join(view.scopes)}) of {view.name}, shown this once:", err=True)
    click.echo(text)


@keys.command("list")
def show() -> None:
    """List all keys, newest first: id, first characters, state, scopes, last use, name."""
    for view in api_keys.list_all():
        state = "revoked" if view.revoked_at else "active"
        used = view.last_used_at.isoformat(timespec="seconds") if view.last_used_at else "never"
        click.echo(
            "\t".join((view.id, f"{view.hint}…", state, ",".join(view.scopes), f"used {used}", view.name))
        )


@keys.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key for good, by its id."""
    try:
        view = api_keys.revoke(key_id)
    except NotFound as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{view.name} revoked", err=True)
