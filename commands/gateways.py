"""`flask --app app gateways`: list gateways, switch them on and off, set their weights."""

import click

from commands.groups import DatabaseGroup, show_rows
from domain.errors import InvalidInput, LastGateway, NotFound
from services.gateways import gateway_list
from services.gateways import gateway_switches as service

gateways = DatabaseGroup("gateways", help="Gateways that carry the messages; changes need no restart.")


@gateways.command("list")
def show() -> None:
    """List all gateways: name, channel, type, on or off, weight."""
    rows = (
        (view.name, view.channel, view.type, "off" if view.is_off else "on", str(view.weight))
        for view in gateway_list.everything()
    )
    show_rows(("NAME", "CHANNEL", "TYPE", "STATE", "WEIGHT"), rows)


@gateways.command("presets")
def presets() -> None:
    """List the providers that ship with the service, and the keys that each needs."""
    for preset in gateway_list.presets():
        click.echo(f"{preset.name}: {preset.about}")
        for key in preset.asks_for:
            usual = "" if key.default is None else f" (usual: {key.default or 'none'})"
            click.echo(f"    {key.name}: {key.about}{usual}")


@gateways.command("on")
@click.argument("name")
def on(name: str) -> None:
    """Let a gateway take messages again."""
    try:
        service.switch_on(name)
    except NotFound as error:
        raise _unknown(name) from error
    click.echo(f"{name} is on", err=True)


@gateways.command("off")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask, even if no other gateway takes its messages.")
def off(name: str, yes: bool) -> None:
    """Give a gateway no new messages.

    If no other gateway takes its messages, they wait and then expire; the command asks first.
    """
    try:
        service.switch_off(name, is_meant=yes)
    except NotFound as error:
        raise _unknown(name) from error
    except LastGateway:
        click.confirm(
            "No other working gateway takes its messages: they wait, and then expire. Continue?", abort=True
        )
        service.switch_off(name, is_meant=True)
    click.echo(f"{name} is off", err=True)


@gateways.command("weight")
@click.argument("name")
@click.argument("weight")
def weigh(name: str, weight: str) -> None:
    """Set how often a gateway is chosen among others: a number, or `file` for the weight from the file."""
    if weight != "file" and not (weight.isascii() and weight.isdigit()):
        raise click.UsageError("WEIGHT must be a whole number, or `file`")
    try:
        service.set_weight(name, None if weight == "file" else int(weight))
    except NotFound as error:
        raise _unknown(name) from error
    except InvalidInput as error:
        raise click.UsageError(f"WEIGHT {error.problems[0].message}") from error
    click.echo(f"{name} has the weight {'of the file' if weight == 'file' else int(weight)}", err=True)


def _unknown(name: str) -> click.ClickException:
    return click.ClickException(f"no gateway is called {name}")
