"""Objects that one application keeps for its whole life, such as keys, gateways and the bell.

The store knows none of their types, so that a lower layer can ask for a part that a higher one defines.
"""

from typing import TypeVar

from flask import Flask, current_app

T = TypeVar("T")
STORE = "sendcode"


def put(app: Flask, *parts: object) -> None:
    """Keep `parts` with `app`, each under its own type; a part of the same type is replaced."""
    app.extensions.setdefault(STORE, {}).update({type(one): one for one in parts})


def part(wanted: type[T]) -> T:
    """Return the current application's part of that type; raises KeyError where `create_app` put none in."""
    return of(current_app, wanted)


def of(app: Flask, wanted: type[T]) -> T:
    """Return the part of `app` of that type; raises KeyError where there is none."""
    found: T = app.extensions[STORE][wanted]
    return found
