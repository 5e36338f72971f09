"""The shipped files as sources for editing: they can be saved unchanged, and render the same text."""

import pytest

from domain.statuses import Channel
from domain.template_keys import TextKey
from services.languages.locales import LOCALES
from services.templating import text_checks, text_samples, texts
from services.templating.text_sources import shipped

KEYS = [
    TextKey(name, channel, locale)
    for channel in Channel
    for name in sorted(texts.templates(channel))
    for locale in LOCALES
]


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("key", KEYS, ids=map(str, KEYS))
def test_a_shipped_text_can_be_edited_and_renders_the_same(key):
    source = shipped(key)
    assert text_checks.faults(key, source) == []
    version = source.version()
    values = text_samples.values(key, version.variables)
    file = texts.render(key.name, key.channel, key.locale, values)
    edited = version.render(values)
    assert edited.text == file.text
    assert edited.subject == file.subject
    assert (edited.html or "").strip() == (file.html or "").strip()


def test_a_text_that_is_not_shipped_has_no_source():
    assert shipped(TextKey("code", Channel.SMS, "fr")) is None
    assert shipped(TextKey("code", Channel.SMS, "en", "login")) is None
    assert shipped(TextKey("sale", Channel.SMS, "en")) is None
