"""Every text of the console in every language, complete and well-formed."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from devtools import translations
from services.languages.catalogues import path_of
from services.languages.locales import LOCALES

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}|%%")
OTHERS = [locale for locale in LOCALES if locale != "en"]
COMMAND = "run `python -m devtools.translations` and translate what is new"


@pytest.fixture(scope="module")
def texts() -> list[translations.Text]:
    return translations.sorted_texts()


def entries(locale: str) -> Iterator[tuple[Message, tuple[str, ...], tuple[str, ...]]]:
    """Yield each entry with the forms of its text and of its translation."""
    for message in translations.catalogue(locale):
        if message.id:
            ours = message.id if isinstance(message.id, tuple) else (message.id,)
            theirs = message.string if isinstance(message.string, tuple) else (message.string,)
            yield message, ours, theirs


def test_every_language_of_messages_is_one_of_the_console() -> None:
    assert translations.locales() == sorted(OTHERS)


@pytest.mark.xdist_group("texts of the code")
@pytest.mark.parametrize("locale", OTHERS)
def test_a_catalogue_has_just_the_texts_of_the_code(locale: str, texts: list[translations.Text]) -> None:
    assert path_of(locale).read_text(encoding="utf-8") == translations.updated(locale, texts), COMMAND


@pytest.mark.parametrize("locale", OTHERS)
def test_every_text_is_translated(locale: str) -> None:
    missing = [
        translations.key(message) for message in translations.untranslated(translations.catalogue(locale))
    ]
    assert missing == [], COMMAND


@pytest.mark.parametrize("locale", OTHERS)
def test_a_translation_has_the_placeholders_of_its_text(locale: str) -> None:
    for message, ours, theirs in entries(locale):
        wanted = set(PLACEHOLDER.findall(ours[-1]))
        assert set(PLACEHOLDER.findall(theirs[-1])) == wanted, message.id
        for form in theirs:
            assert set(PLACEHOLDER.findall(form)) <= wanted, message.id
            assert not re.search(r"%(?![(%])", form), f"{message.id}: a template fills in what follows a %"


@pytest.mark.parametrize("locale", OTHERS)
def test_a_translation_begins_and_ends_as_its_text(locale: str) -> None:
    """No translation loses a leading or trailing space, or its final punctuation."""
    for message, ours, theirs in entries(locale):
        for form in theirs:
            assert form == form.strip(), message.id
            assert (ours[-1][-1] in ".:") == (form[-1] in ".:。："), message.id


def test_chinese_sentences_have_chinese_punctuation() -> None:
    for message, _, theirs in entries("zh"):
        assert not re.search(r"[一-鿿][,;:?!]", theirs[0]), message.id


def test_german_quotation_marks_are_german() -> None:
    for message, _, theirs in entries("de"):
        for form in theirs:
            assert "”" not in form, message.id


def test_no_text_is_marked_where_nobody_finds_it() -> None:
    """The extraction does not see calls inside f-strings."""
    for pattern in ("cms/**/*.py", "services/**/*.py"):
        for path in translations.ROOT.glob(pattern):
            for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for node in ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ():
                    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
                    assert called not in ("_", "gettext", "ngettext"), f"{path.name}:{node.lineno}"


def test_the_catalogues_are_found_wherever_the_service_is_started() -> None:
    assert path_of("de").is_relative_to(Path(translations.ROOT))
