"""The translations of pages: translations/<locale>/LC_MESSAGES/messages.po, read where they are first needed.

There are no compiled files beside them: those would have to be rebuilt at each change, could not be merged, and could
be out of date. Reading one language takes some milliseconds, once per process.
"""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

FOLDER = Path(__file__).resolve().parents[2] / "translations"


class Catalogues(Domain):  # type: ignore[misc]
    """Gives Flask-Babel the translations for a request."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the language of the request, none outside of requests."""
        locale = get_locale()
        return translations(str(locale)) if locale else NullTranslations()


@cache
def translations(locale: str) -> NullTranslations:
    """Return the translations into one language; none where there is no catalogue, as for English."""
    path = path_of(locale)
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return Translations(compiled)


def path_of(locale: str) -> Path:
    """Return where the catalogue of a language is, or would be."""
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"
