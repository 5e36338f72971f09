"""Versions of texts: saving, publishing, going back, and which version a message is sent with."""

import json
import threading

import pytest
from sqlalchemy import event, select

from domain.errors import Conflict, InvalidInput, NotFound
from domain.gateway_errors import TemporaryGatewayError
from domain.provider_templates import ProviderTemplate
from domain.statuses import Channel
from domain.template_keys import TextKey, parse
from exts import db
from models import AuditEntry, Message, Template, TemplateVersion, Verification
from services.audit.trail import Actor
from services.codes import verifications
from services.delivery import worker
from services.messaging import broadcasts, messages
from services.outbox.bell import Bell
from services.process.parts import part
from services.templating import published, template_views, templates
from services.templating.template_views import State
from services.templating.text_checks import BadText
from services.templating.text_rules import FaultKind
from services.templating.text_sources import Source
from services.templating.text_versions import FRESH_SECONDS, TextVersions

pytestmark = pytest.mark.usefixtures("context")
BY = Actor(7, "kim@example.org", "192.0.2.1")
SMS = parse("code.sms.en")
TO = "+8613800138000"


def publish(key, text, **parts):
    number = templates.save(key, Source(text, **parts), base=template_views.text(key).newest, by=BY)
    templates.publish(key, number, by=BY)
    return number


def issue(owner, **fields):
    return verifications.issue(verifications.Request(Channel.SMS, TO, **fields), owner)


@pytest.fixture
def settings(settings):
    return {
        **settings,
        "RESEND_COOLDOWN_SECONDS": 0,
        "DESTINATION_SENDS_PER_10_MINUTES": 0,
        "DESTINATION_SENDS_PER_DAY": 0,
    }


@pytest.fixture
def waiting(app, monkeypatch):
    """Keep messages queued until the test runs a worker."""
    monkeypatch.setattr(part(Bell), "ring", lambda lane: None)


def test_a_draft_changes_nothing_until_it_is_published(owner, sms):
    number = templates.save(SMS, Source("Draft {{ code }}"), base=0, by=BY)
    issue(owner)
    assert sms.sent[-1].text.startswith("Sendcode: your code is ")
    templates.publish(SMS, number, by=BY)
    issue(owner)
    assert sms.sent[-1].text.startswith("Draft ")


def test_a_message_is_sent_with_the_version_it_was_made_with(owner, sms, waiting):
    publish(SMS, "First {{ code }}")
    issue(owner)
    publish(SMS, "Second {{ code }}")
    issue(owner)
    templates.withdraw(SMS, by=BY)
    issue(owner)
    worker.drain_now()
    assert sorted(sent.text.split(" ")[0] for sent in sms.sent) == ["First", "Second", "Sendcode:"]


def test_a_retry_keeps_the_version(owner, sms, waiting):
    publish(SMS, "First {{ code }}")
    issue(owner)
    sms.failures.append(TemporaryGatewayError("busy", retry_after=0))
    worker.drain_now()
    publish(SMS, "Second {{ code }}")
    db.session.execute(db.update(Message).values(due_at=Message.created_at))
    db.session.commit()
    worker.drain_now()
    assert [sent.text.split(" ")[0] for sent in sms.sent] == ["First"]


def test_a_code_that_is_sent_again_keeps_its_text(owner, sms):
    publish(SMS, "First {{ code }}")
    view = issue(owner)
    publish(SMS, "Second {{ code }}")
    verifications.resend(view.id, owner)
    assert sms.sent[0].text == sms.sent[1].text


def test_a_code_in_the_shipped_text_stays_in_it_when_it_is_sent_again(owner, sms):
    view = issue(owner)
    publish(SMS, "Edited {{ code }}")
    verifications.resend(view.id, owner)
    assert sms.sent[0].text == sms.sent[1].text


def test_a_notice_that_is_sent_again_keeps_its_text(owner, sms):
    key = parse("notice.sms.en")
    publish(key, "First {{ text }}")
    view = messages.send(messages.Request(Channel.SMS, TO, template="notice", params={"text": "hi"}), owner)
    publish(key, "Second {{ text }}")
    messages.resend(view.id, owner)
    assert [sent.text for sent in sms.sent] == ["First hi", "First hi"]


def test_a_broadcast_keeps_its_text(owner, sms, waiting):
    publish(parse("sale.sms.en"), "First {{ name }}")
    recipients = [{"to": TO, "params": {"name": "Kim"}}]
    broadcasts.start(broadcasts.Request(Channel.SMS, recipients, template="sale"), owner)
    publish(parse("sale.sms.en"), "Second {{ name }}")
    worker.drain_now()
    assert [sent.text for sent in sms.sent] == ["First Kim"]


def test_going_back_publishes_the_old_number_again(owner, sms):
    first, second = publish(SMS, "First {{ code }}"), publish(SMS, "Second {{ code }}")
    templates.publish(SMS, first, by=BY)
    issue(owner)
    assert sms.sent[-1].text.startswith("First ")
    states = {one.number: one.state for one in template_views.text(SMS).versions}
    assert states == {second: State.OLDER, first: State.PUBLISHED, 0: State.OLDER}


def test_every_version_is_kept_with_author_and_time():
    publish(SMS, "First {{ code }}")
    templates.save(SMS, Source("Unused {{ code }}"), base=1, by=BY)
    templates.save(SMS, Source("Draft {{ code }}"), base=2, by=BY)
    versions = template_views.text(SMS).versions
    assert [(one.number, one.state, one.source.text) for one in versions[:3]] == [
        (3, State.DRAFT, "Draft {{ code }}"),
        (2, State.UNUSED, "Unused {{ code }}"),
        (1, State.PUBLISHED, "First {{ code }}"),
    ]
    assert {one.saved_by for one in versions[:3]} == {7}
    assert versions[2].published_by == 7
    assert versions[2].published_at >= versions[2].saved_at


def test_saving_the_same_text_again_makes_no_version():
    first = templates.save(SMS, Source("Same {{ code }}\r\n"), base=0, by=BY)
    assert templates.save(SMS, Source("Same {{ code }}"), base=1, by=BY) == first
    assert db.session.scalars(select(TemplateVersion)).all()[-1].number == 1


def test_saving_over_another_persons_version_is_a_conflict():
    templates.save(SMS, Source("Mine {{ code }}"), base=0, by=BY)
    with pytest.raises(Conflict):
        templates.save(SMS, Source("Theirs {{ code }}"), base=0, by=BY)


def test_one_of_two_parallel_saves_is_a_conflict(app):
    outcomes, start = [], threading.Barrier(2)

    def save(text):
        with app.app_context():
            start.wait()
            try:
                outcomes.append(templates.save(SMS, Source(f"{text} {{{{ code }}}}"), base=0, by=BY))
            except Conflict:
                outcomes.append("conflict")
            db.session.remove()

    threads = [threading.Thread(target=save, args=(text,)) for text in ("A", "B")]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(map(str, outcomes)) == ["1", "conflict"]
    assert len(db.session.scalars(select(Template)).all()) == 1


def test_a_missing_version_can_not_be_published():
    with pytest.raises(NotFound):
        templates.publish(SMS, 1, by=BY)
    templates.save(SMS, Source("{{ code }}"), base=0, by=BY)
    with pytest.raises(NotFound):
        templates.publish(SMS, 2, by=BY)
    with pytest.raises(NotFound):
        templates.withdraw(parse("code.sms.fr"), by=BY)


def test_the_audit_has_version_numbers_and_no_text():
    publish(SMS, "Secret plan {{ code }}")
    publish(SMS, "Other plan {{ code }}")
    templates.withdraw(SMS, by=BY)
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    told = [(row.action, row.before, row.after) for row in rows]
    assert told == [
        ("template.saved", None, {"version": 1}),
        ("template.published", {"version": None}, {"version": 1}),
        ("template.saved", None, {"version": 2}),
        ("template.published", {"version": 1}, {"version": 2}),
        ("template.withdrawn", {"version": 2}, {"version": None}),
    ]
    assert {(row.subject, row.actor_id, row.ip) for row in rows} == {("code.sms.en", 7, "192.0.2.1")}
    assert "plan" not in json.dumps(told)


def test_a_purpose_has_its_own_text_and_others_the_general_one(owner, sms):
    publish(SMS, "General {{ code }}")
    publish(parse("code.sms.en@login"), "Login {{ code }}")
    issue(owner, purpose="login")
    issue(owner, purpose="pay")
    assert [sent.text.split(" ")[0] for sent in sms.sent] == ["Login", "General"]


def test_a_readable_language_is_preferred_to_the_text_of_the_purpose(owner, sms):
    publish(parse("code.sms.en@login"), "Login {{ code }}")
    issue(owner, purpose="login", locale="zh-TW")
    issue(owner, purpose="login", locale="fr")
    assert [sent.locale for sent in sms.sent] == ["zh", "en"]
    assert sms.sent[1].text.startswith("Login")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("zh-Hant-HK", "zh-Hant"), ("zh-TW", "zh-Hant"), ("zh-CN", "zh"), ("pt-BR", "en"), (None, "en")],
)
def test_a_new_locale_joins_the_fallback_chain(owner, sms, wanted, found):
    publish(parse("code.sms.zh-Hant"), "驗證碼 {{ code }}")
    issue(owner, locale=wanted)
    assert sms.sent[-1].locale == found
    assert db.session.scalars(select(Verification.locale)).one() == found


def test_a_template_of_the_console_is_known_to_callers(owner, sms):
    request = messages.Request(Channel.SMS, TO, template="sale", params={"name": "Kim"})
    with pytest.raises(InvalidInput, match="known are: notice"):
        messages.send(request, owner)
    templates.save(parse("sale.sms.en"), Source("Hi {{ name }}"), base=0, by=BY)
    with pytest.raises(InvalidInput, match="known are: notice"):
        messages.send(request, owner)
    templates.publish(parse("sale.sms.en"), 1, by=BY)
    messages.send(request, owner)
    assert sms.sent[-1].text == "Hi Kim"
    with pytest.raises(InvalidInput, match="lacks name"):
        messages.send(messages.Request(Channel.SMS, TO, template="sale"), owner)


def test_a_template_without_a_text_in_the_chain_lists_its_locales(owner):
    publish(parse("sale.sms.fr"), "Salut")
    with pytest.raises(InvalidInput, match="it has: fr"):
        messages.send(messages.Request(Channel.SMS, TO, template="sale", locale="de"), owner)


def test_an_edited_code_template_can_not_be_sent_as_a_notice(owner):
    publish(SMS, "{{ code }}")
    with pytest.raises(InvalidInput, match="template"):
        messages.send(messages.Request(Channel.SMS, TO, template="code", params={"code": "1"}), owner)


def test_a_mail_has_subject_text_and_escaped_html(owner, mails):
    publish(parse("offer.email.en"), "Hi {{ name }}", subject="For {{ name }}", html="<p>{{ name }}</p>")
    params = {"name": "<b>Kim"}
    messages.send(messages.Request(Channel.EMAIL, "a@example.org", template="offer", params=params), owner)
    sent = mails.sent[-1]
    assert (sent.subject, sent.text, sent.html) == ("For <b>Kim", "Hi <b>Kim\n", "<p>&lt;b&gt;Kim</p>")


def test_the_last_line_binds_the_code_to_its_site(owner, sms):
    publish(SMS, "{{ service }}: {{ code }}", host="shop.example.com")
    issue(owner)
    code = sms.sent[-1].params["code"]
    assert sms.sent[-1].text == f"Sendcode: {code}\n@shop.example.com #{code}"


def test_a_gateway_gets_the_approved_text_of_the_version(owner, sms):
    approved = ProviderTemplate("SMS_1", (("number", "code"),), "Shop")
    publish(SMS, "{{ code }}", providers={"aliyun": approved})
    issue(owner)
    assert sms.sent[-1].provider_templates == {"aliyun": approved}


def kinds(key, source):
    with pytest.raises(BadText) as caught:
        templates.save(parse(key), source, base=0, by=BY)
    return [(fault.part, fault.kind) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("key", "source", "wrong"),
    [
        ("code.sms.en", Source(" \n"), [("text", FaultKind.EMPTY)]),
        ("code.email.en", Source("{{ code }}"), [("subject", FaultKind.EMPTY)]),
        ("code.sms.en", Source("{{ code }}" + "x" * 1600), [("text", FaultKind.LONG)]),
        ("code.email.en", Source("{{ code }}", "s" * 201), [("subject", FaultKind.LONG)]),
        ("code.email.en", Source("{{ code }}", "s", "x" * 48_001), [("html", FaultKind.LONG)]),
        ("code.sms.en", Source("{{ code }}\0"), [("text", FaultKind.CHARACTERS)]),
        ("code.sms.en", Source("{{ code }}\ud800"), [("text", FaultKind.CHARACTERS)]),
        ("code.sms.en", Source("{{ code"), [("text", FaultKind.SYNTAX)]),
        ("code.sms.en", Source("{{ code.real }}"), [("text", FaultKind.FORBIDDEN)]),
        ("code.sms.en", Source("{{ cod }}"), [("text", FaultKind.UNKNOWN)]),
        ("code.sms.en", Source("no code"), [("text", FaultKind.MISSING)]),
        ("code.sms.en", Source("{% if minutes > 2 %}{{ code }}{% endif %}"), [("text", FaultKind.MISSING)]),
        ("code.sms.en", Source("{{ code|int }}"), [("text", FaultKind.MISSING)]),
        ("code.sms.en", Source("{{ code }} {{ minutes|length }}"), [("text", FaultKind.FAILS)]),
        ("code.sms.en", Source("{% if code > 5 %}{{ code }}{% endif %}"), [("text", FaultKind.FAILS)]),
        ("code.email.en", Source("{{ code }}", "{{ code }}"), [("subject", FaultKind.CODE_IN_SUBJECT)]),
        ("code.email.en", Source("{{ code }}", "s", "<p>none</p>"), [("html", FaultKind.MISSING)]),
        ("code.sms.en", Source("{{ code }}", host="a b"), [("host", FaultKind.HOST)]),
        ("code.sms.en", Source("x" * 150 + "{{ code }}", host="a.example"), [("host", FaultKind.SEGMENTS)]),
        ("code.sms.zh", Source("验" * 50 + "{{ code }}", host="a.example"), [("host", FaultKind.SEGMENTS)]),
        ("code.sms.en", Source("no", host="a.example"), [("text", FaultKind.MISSING)]),
        ("notice.sms.en", Source("{{ käse }}"), [("text", FaultKind.UNKNOWN)]),
        (
            "code.sms.en",
            Source("{{ code }}", providers={"a": ProviderTemplate("", ())}),
            [("provider-a-id", FaultKind.PROVIDER_ID)],
        ),
        (
            "code.sms.en",
            Source("{{ code }}", providers={"a": ProviderTemplate("1", (("x", "name"),))}),
            [("provider-a-params", FaultKind.PROVIDER_UNKNOWN)],
        ),
    ],
    ids=range(24),
)
def test_an_unsendable_text_is_refused(key, source, wrong):
    assert kinds(key, source) == wrong
    assert db.session.scalars(select(Template)).all() == []


def test_an_unknown_variable_is_named_with_those_that_are_known():
    with pytest.raises(BadText) as caught:
        templates.save(SMS, Source("{{ code }} {{ minuets }}"), base=0, by=BY)
    assert caught.value.faults[0].told == {"name": "minuets", "known": ["code", "minutes", "service"]}


def test_a_line_that_does_not_fit_is_reported_with_its_excess():
    with pytest.raises(BadText) as caught:
        templates.save(SMS, Source("x" * 150 + "{{ code }}", host="a.example"), base=0, by=BY)
    assert caught.value.faults[0].told == {"over": 15, "most": 160}


def test_parts_that_a_channel_lacks_are_left_out():
    templates.save(SMS, Source("{{ code }}", "subject", "<p>"), base=0, by=BY)
    key = parse("code.email.en")
    templates.save(key, Source("{{ code }}", "s", " ", host="a.example"), base=0, by=BY)
    assert template_views.text(SMS).versions[0].source == Source("{{ code }}")
    assert template_views.text(key).versions[0].source == Source("{{ code }}", "s")


def test_a_click_and_a_send_read_no_texts_once_they_are_cached(owner, sms):
    publish(SMS, "{{ code }}")
    issue(owner)
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    for _ in range(3):
        issue(owner)
    assert len(sms.sent) == 4
    looks = [one for one in statements if "FROM template JOIN" in one]
    assert len(looks) < 3, "what is published is looked up once a second"
    assert not [one for one in statements if "FROM template_version" in one]


def test_a_worker_reads_a_version_once_for_all_its_messages(app, owner, sms, waiting):
    publish(SMS, "{{ code }} edited")
    for _ in range(20):
        issue(owner)
    part(TextVersions).__init__()  # a worker that has just started knows nothing
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    worker.drain_now()
    assert [sent.text.endswith(" edited") for sent in sms.sent] == [True] * 20
    assert len([one for one in statements if "FROM template_version" in one]) == 1


def test_another_process_follows_within_two_seconds(app, owner, sms):
    issue(owner)
    other = part(TextVersions)
    fresh = other._published
    publish(SMS, "Elsewhere {{ code }}")
    other._published = fresh  # as if another process had published it
    assert published.choose("code", Channel.SMS, "en").version is None
    fresh._found = (0.0, fresh._found[1])  # its cache of one second has expired
    assert published.choose("code", Channel.SMS, "en").version.number == 1
    assert FRESH_SECONDS <= 2


def test_a_discarded_draft_is_kept_but_is_no_longer_a_draft():
    publish(SMS, "First {{ code }}")
    number = templates.save(SMS, Source("Draft {{ code }}"), base=1, by=BY)
    templates.discard(SMS, number, by=BY)
    view = template_views.text(SMS)
    assert view.draft is None
    assert (view.newest, view.version(number).state) == (number, State.UNUSED)
    assert template_views.starting_point(view).text == "First {{ code }}"
    assert next(iter(template_views.everything())).texts[0].draft is None
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.before, entry.actor_id) == ("template.discarded", {"version": 2}, 7)
    assert templates.save(SMS, Source("Next {{ code }}"), base=number, by=BY) == number + 1


def test_a_discarded_draft_comes_back_when_it_is_saved_again_and_can_be_published():
    number = templates.save(SMS, Source("Draft {{ code }}"), base=0, by=BY)
    templates.discard(SMS, number, by=BY)
    assert templates.save(SMS, Source("Draft {{ code }}"), base=number, by=BY) == number
    assert template_views.text(SMS).draft.number == number
    templates.discard(SMS, number, by=BY)
    templates.publish(SMS, number, by=BY)
    assert template_views.text(SMS).published.number == number


def test_only_a_draft_is_discarded():
    first = publish(SMS, "First {{ code }}")
    draft = templates.save(SMS, Source("Draft {{ code }}"), base=first, by=BY)
    with pytest.raises(Conflict):
        templates.discard(SMS, first, by=BY)
    templates.discard(SMS, draft, by=BY)
    with pytest.raises(Conflict):
        templates.discard(SMS, draft, by=BY)
    with pytest.raises(NotFound):
        templates.discard(SMS, 9, by=BY)
    with pytest.raises(NotFound):
        templates.discard(parse("sale.sms.en"), 1, by=BY)


def test_a_text_that_was_only_a_discarded_draft_starts_over():
    key = parse("code.sms.fr")
    templates.discard(key, templates.save(key, Source("Brouillon {{ code }}"), base=0, by=BY), by=BY)
    assert template_views.starting_point(template_views.text(key)).text.startswith("{{ service }}")


def test_the_services_own_notices_can_be_edited(owner):
    publish(parse("email_changed.email.de"), "Neu: {{ new }}", subject="Achtung")
    assert published.choose("email_changed", Channel.EMAIL, "de-AT") is not None
    with pytest.raises(BadText):
        templates.save(parse("email_changed.email.en"), Source("{{ code }}", "s"), base=0, by=BY)


def test_the_list_has_every_text_in_every_state():
    publish(parse("sale.sms.fr"), "Salut")
    publish(SMS, "{{ code }}")
    templates.save(SMS, Source("{{ code }}!"), base=1, by=BY)
    found = {(group.name, group.channel, group.purpose): group.texts for group in template_views.everything()}
    states = {str(one.key): (one.published, one.draft) for texts in found.values() for one in texts}
    assert states["code.sms.en"] == (1, 2)
    assert states["code.sms.zh"] == (0, None)
    assert states["sale.sms.fr"] == (1, None)
    assert next(iter(found)) == ("code", Channel.SMS, "")


def test_editing_a_new_language_begins_with_the_nearest_text():
    publish(parse("code.sms.zh"), "简 {{ code }}")
    assert (
        template_views.starting_point(template_views.text(parse("code.sms.zh-Hant"))).text == "简 {{ code }}"
    )
    assert template_views.starting_point(template_views.text(parse("sale.sms.en"))).text == ""
    key = TextKey("code", Channel.SMS, "zh", "login")
    assert template_views.starting_point(template_views.text(key)).text == "简 {{ code }}"
