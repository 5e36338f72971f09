"""What may stand in a path: nothing that no database can hold, so that no view meets it."""

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, UnicodeConverter

from domain.characters import LARGEST_ID, is_storable


class Number(IntegerConverter):
    """`<int:…>`: another number is another address, and there is nothing at it."""

    def to_python(self, value: str) -> int:
        """Return the number; raises NotFound; a ValidationError could end as 405."""
        if len(value) > 10 or int(value) > LARGEST_ID:
            raise NotFound
        return int(value)


class Text(UnicodeConverter):
    """`<…>`"""

    def to_python(self, value: str) -> str:
        """Return the text; raises NotFound."""
        if not is_storable(value):
            raise NotFound
        return value


def init_app(app: Flask) -> None:
    """Bind to `app`, before its routes are."""
    app.url_map.converters.update({"int": Number, "default": Text, "string": Text})
