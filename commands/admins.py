"""`flask --app app admins`: administrators of the console."""

import sys

import click

from commands.groups import DatabaseGroup, plain_errors, show_rows
from domain.roles import Role
from services.account import second_factor_changes, second_factor_resets
from services.people import administrators

admins = DatabaseGroup("admins", help="Administrators, who may sign in to the console.")


@admins.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OWNER.value, show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--if-none", is_flag=True, help="Do nothing where there already is an administrator.")
def add(email: str, role: str, password_stdin: bool, if_none: bool) -> None:
    """Add an administrator and print a one-time password, or read a password from standard input."""
    if if_none and administrators.everyone():
        return
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with plain_errors():
        administrator, one_time_password = administrators.add(email, role, password)
    if one_time_password:
        _print_password(administrator.email, one_time_password)
    else:
        click.echo(f"{administrator.email} added", err=True)


@admins.command("list")
def show() -> None:
    """List all administrators: e-mail address, role, state."""
    rows = (
        (one.email, one.role, "disabled" if one.disabled_at else "active")
        for one in administrators.everyone()
    )
    show_rows(("E-MAIL", "ROLE", "STATE"), rows)


@admins.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """End all sessions of an administrator and print a one-time password."""
    with plain_errors():
        one_time_password = administrators.reset_password(email)
    _print_password(email, one_time_password)


@admins.command("second-step-off")
@click.argument("email")
def second_step_off(email: str) -> None:
    """Remove every way of the second step of an administrator who has lost it, and end all sessions."""
    with plain_errors():
        was_on = second_factor_resets.reset(email)
    required = (
        ", but SECOND_FACTOR_REQUIRED asks for one by e-mail" if second_factor_changes.is_required() else ""
    )
    click.echo(f"second step of {email} {'switched' if was_on else 'was'} off{required}", err=True)


@admins.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Block an administrator from signing in, and end all sessions."""
    with plain_errors():
        administrators.disable(email)
    click.echo(f"{email} disabled", err=True)


@admins.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled administrator sign in again."""
    with plain_errors():
        administrators.enable(email)
    click.echo(f"{email} enabled", err=True)


@admins.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def change_role(email: str, role: str) -> None:
    """Give an administrator another role, with immediate effect."""
    with plain_errors():
        administrators.change_role(email, role)
    click.echo(f"{email} is {role}", err=True)


def _print_password(email: str, password: str) -> None:
    """Print only the password on stdout, so that a script can take it."""
    click.echo(f"One-time password of {email}, to be changed at the first sign-in:", err=True)
    click.echo(password)
