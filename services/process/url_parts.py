"""Parts of paths that no row can have: 404 on every database, instead of an error on some."""

from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

from domain.characters import has_control_characters

LARGEST = 2**31 - 1
"""The largest number of a row: PostgreSQL and MariaDB refuse larger ones, SQLite those beyond 64 bits."""


class Name(UnicodeConverter):
    """A name or an id; PostgreSQL refuses a query with NUL."""

    def to_python(self, value: str) -> str:
        """Return the value; raises ValidationError, which is a 404."""
        if has_control_characters(value):
            raise ValidationError
        return value


class Number(IntegerConverter):
    """The number of a row."""

    def to_python(self, value: str) -> int:
        """Return the value; raises ValidationError, which is a 404."""
        number: int = super().to_python(value)
        if number > LARGEST:
            raise ValidationError
        return number


def whole(text: str) -> int:
    """Return the number of a row in a query; raises ValueError where no row can have it."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and int(text) <= LARGEST):
        raise ValueError("no number of a row")
    return int(text)


CONVERTERS = {"default": Name, "string": Name, "int": Number}
