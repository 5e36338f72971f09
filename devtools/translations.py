"""`python -m devtools.translations`: update the catalogues from the texts in the code and in the presets.

Adds new texts without a translation, removes texts that the code no longer has, and leaves all others unchanged.
Entries are sorted by text, one per line, without dates and line numbers, so that the work of two people merges without
conflicts. Lists the texts still to be translated, and exits with 1 if there are any.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from channels.presets import all_presets
from config import ROOT
from services.languages.catalogues import FOLDER, path_of

SOURCES = {"cms/**/*.py": "python", "services/**/*.py": "python", "templates/cms/**/*.html": babel_extract}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plural_forms}\n"

"""
Text = tuple[str | tuple[str, str], str | None]
"""A text in the code, or its singular and plural, and its context."""


def main() -> int:
    """Rewrite all catalogues; return 1 where a text is not translated yet."""
    texts, missing = sorted_texts(), 0
    for locale in locales():
        path = path_of(locale)
        path.write_text(updated(locale, texts), encoding="utf-8")
        for message in untranslated(catalogue(locale)):
            missing += 1
            print(f"{path.relative_to(ROOT)}: {key(message)}")
    return 1 if missing else 0


def locales() -> list[str]:
    """Return the languages with a catalogue; English needs none."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def catalogue(locale: str) -> Catalog:
    """Read a catalogue from its file."""
    path = path_of(locale)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return read_po(io.StringIO(text), locale=locale, abort_invalid=True)


def sorted_texts() -> list[Text]:
    """Return all texts of pages, in alphabetical order."""
    found = dict.fromkeys(_texts())
    plurals = {text[0] for text, _ in found if isinstance(text, tuple)}
    return sorted(
        (one for one in found if one[0] not in plurals), key=lambda one: (_singular(one[0]), one[1] or "")
    )


def updated(locale: str, texts: list[Text]) -> str:
    """Return the updated file of a catalogue, with the translations that it already has."""
    known, wanted = catalogue(locale), Catalog(locale=locale)
    for text, context in texts:
        old = known.get(_singular(text), context)
        fits = old is not None and isinstance(old.id, tuple | list) == isinstance(text, tuple)
        kept = (old.string, old.flags - {"python-format"}) if old and fits else ("", ())
        wanted.add(text, kept[0], context=context, flags=kept[1])
    body = io.BytesIO()
    write_po(body, wanted, width=0, no_location=True, omit_header=True)
    header = HEADER.format(language=locale, plural_forms=wanted.plural_forms)
    return header + body.getvalue().decode().strip() + "\n"


def untranslated(known: Catalog) -> Iterator[Message]:
    """Yield the entries without a translation, or with one marked as fuzzy."""
    for message in known:
        if message.id and (message.fuzzy or not all(_forms(message))):
            yield message


def key(message: Message) -> str:
    """Return the text in the code that an entry translates."""
    return _singular(message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def _texts() -> Iterator[Text]:
    for pattern, method in SOURCES.items():
        for path in sorted(ROOT.glob(pattern)):
            for _line, text, _comments, context in _extracted(method, path):
                yield (tuple(text) if isinstance(text, tuple | list) else text), context
    for preset in all_presets():
        yield from ((text, None) for text in (preset.about, *(key.about for key in preset.asks_for)))


def _extracted(
    method: object, path: Path
) -> Iterator[tuple[int, str | tuple[str, str], list[str], str | None]]:
    yield from extract_from_file(method, path, keywords=KEYWORDS)  # type: ignore[arg-type, misc]


def _singular(text: str | tuple[str, str] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


if __name__ == "__main__":
    sys.exit(main())
