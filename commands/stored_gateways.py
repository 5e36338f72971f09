"""`flask --app app gateways add`, `set`, `remove` and `export`: gateways without a file and without a restart."""

from collections.abc import Iterable
from pathlib import Path

import click

from commands.gateways import gateways
from commands.groups import plain_errors
from services.roster import editing as service
from services.roster import exporting

SETTINGS = click.argument("settings", nargs=-1, metavar="KEY=VALUE…")
HELP = "KEY=- asks for a secret without showing it, KEY=@FILE reads it from a file."


@gateways.command("add", epilog=HELP)
@click.argument("name")
@click.argument("kind")
@SETTINGS
@click.option("--channel", type=click.Choice(["sms", "email"]), help="Only for types that carry both.")
@click.option("--off", is_flag=True, help="Leave it switched off, to test it first.")
def add(name: str, kind: str, settings: tuple[str, ...], channel: str | None, off: bool) -> None:
    """Add a gateway: its NAME, and as KIND a preset or a type of gateways.toml."""
    possible = service.channels_of(kind)
    if not possible:
        raise click.UsageError(f"KIND: there is no {kind}; `flask gateways presets` lists the presets")
    with plain_errors():
        form = service.form_for(kind, channel or possible[0])
        service.add(form, name, _read(form, settings), is_on=not off)


@gateways.command("set", epilog=HELP + " KEY= removes a value.")
@click.argument("name")
@SETTINGS
def change(name: str, settings: tuple[str, ...]) -> None:
    """Change settings of a gateway that was added; what is not named stays."""
    with plain_errors():
        form = service.stored_form(name)
        typed = _read(form, settings)
        cleared = {f"clear-{key}": "1" for key, value in typed.items() if not value}
        service.change(name, {**service.entry_of(name).texts, **typed, **cleared})


@gateways.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
def remove(name: str, yes: bool) -> None:
    """Remove a gateway that was added, with its secrets."""
    if not yes:
        click.confirm(f"Remove {name} and erase its settings?", abort=True)
    with plain_errors():
        service.remove(name)


@gateways.command("export")
def export() -> None:
    """Print the gateways that were added as tables for gateways.toml; secrets are names of variables."""
    click.echo(exporting.as_toml(), nl=False)


def _read(form: service.Form, settings: Iterable[str]) -> dict[str, str]:
    """Return the values by key; raises UsageError for a key that there is not, and for a secret in clear."""
    fields = {one.name: one for one in form.fields}
    typed = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or key not in fields:
            raise click.UsageError(f"{key}: must be one of {', '.join(fields)}, followed by = and a value")
        if value == "-":
            value = click.prompt(key, hide_input=True)
        elif value.startswith("@"):
            value = _content(key, value[1:])
        elif value and fields[key].kind in ("secret", "toml"):
            raise click.UsageError(
                f"{key}: a command line can be seen by others: give {key}=- or {key}=@FILE"
            )
        typed[key] = value
    return typed


def _content(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{key}: {path} can't be read") from error
