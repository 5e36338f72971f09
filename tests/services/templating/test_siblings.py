"""The same text in its languages, the list of all texts and their use, on every database."""

import pytest

from domain.statuses import Channel
from domain.template_keys import parse
from services.audit.trail import Actor
from services.messaging import messages
from services.templating import siblings, template_views, templates, titles, usage
from services.templating.text_sources import Source

pytestmark = pytest.mark.usefixtures("context")
BY = Actor(7, "kim@example.org", "192.0.2.1")


def save(key, text, subject=None):
    base = template_views.text(parse(key)).newest
    return templates.save(parse(key), Source(text, subject), base=base, by=BY)


def test_each_language_has_what_is_published_else_the_newest_version():
    templates.publish(parse("code.sms.fr"), save("code.sms.fr", "Un {{ code }}"), by=BY)
    save("code.sms.fr", "Deux {{ code }}")
    save("code.sms.it", "Uno {{ code }}")
    save("code.sms.de", "Entwurf {{ code }}")
    save("code.sms.fr@login", "Autre {{ code }}")
    found = {one.key.locale: one for one in siblings.everywhere(parse("code.sms.en"))}
    assert list(found) == ["en", "zh", "de", "fr", "it"]
    assert (found["fr"].source.text, found["fr"].number, found["fr"].is_published) == (
        "Un {{ code }}",
        1,
        True,
    )
    assert (found["it"].source.text, found["it"].is_published) == ("Uno {{ code }}", False)
    assert (found["de"].number, found["de"].is_published) == (0, True)


def test_a_list_shows_the_beginning_of_what_is_published(owner):
    templates.publish(parse("offer.email.fr"), save("offer.email.fr", "x" * 500, "Offre"), by=BY)
    save("offer.email.fr", "Later", "Plus tard")
    titles.give("offer", "Spring offer", by=BY)
    (group,) = [one for one in template_views.everything() if one.name == "offer"]
    shown = group.text_for("de")
    assert (shown.subject, shown.beginning) == ("Offre", "x" * template_views.BEGINNING)
    assert titles.everything() == {"offer": "Spring offer"}
    messages.send(messages.Request(Channel.EMAIL, "a@example.org", template="offer", locale="fr"), owner)
    assert usage.lately().counts == {("offer", "email", ""): 1}
