"""The pages for texts: what each shows, how to edit, and what is refused."""

import html
import re
from datetime import timedelta

import pytest

from cms.frame.headers import POLICY
from domain.owners import Owner
from domain.statuses import Channel
from domain.template_keys import parse
from exts import db
from models import AuditEntry, Message
from services.audit.trail import COMMAND_LINE
from services.codes import verifications
from services.messaging import messages
from services.people import administrators
from services.templating import template_views, templates, usage
from services.templating.text_sources import Source
from tests.cms.conftest import PASSWORD

SMS = "/cms/templates/code.sms.en"
MAIL = "/cms/templates/offer.email.en"
OWNER = Owner("key")
HTML = '<p style="color:red">Hi {{ name }}</p><style>p { margin: 0 }</style>'


@pytest.fixture
def published(app):
    """Publish a text."""

    def publish(key, text="{{ code }} one", **parts):
        with app.app_context():
            base = template_views.text(parse(key)).newest
            number = templates.save(parse(key), Source(text, **parts), base=base, by=COMMAND_LINE)
            templates.publish(parse(key), number, by=COMMAND_LINE)

    return publish


@pytest.fixture
def viewer(app, newcomer):
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
    visitor = newcomer()
    visitor.sign_in("vera@example.org")
    return visitor


def edit(visitor, key="code.sms.en", **fields):
    return visitor.submit(f"/cms/templates/{key}/edit", page=f"/cms/templates/{key}/edit", **fields)


def test_the_list_shows_every_text_with_its_state(signed_in, published):
    published("code.sms.en")
    published("code.sms.fr@login", "{{ code }}")
    page = signed_in.get("/cms/templates").text
    assert 'href="/cms/templates/code.sms.en"' in page
    assert 'href="/cms/templates/code.sms.fr@login"' in page
    assert "Version 1" in page
    assert "Default text" in page
    assert "French" in page


def test_the_list_shows_titles_and_the_text_in_the_readers_language(signed_in, published):
    published("order_confirmed.email.de", "Danke {{ name }}", subject="Bestellung {{ number }}")
    page = signed_in.get("/cms/templates").text
    assert "<strong>Verification code</strong>" in page
    assert "your code is {{ code }}" in page
    assert '<strong><span translate="no">Order confirmed</span></strong>' in page
    assert "<strong>Bestellung {{ number }}</strong> Danke {{ name }}</p>" in page
    assert "Ihr Code" in signed_in.get("/cms/templates?locale=de").text


def test_the_list_counts_the_use_of_seven_days(app, signed_in, published):
    published("code.sms.en@login", "{{ code }} to sign in")
    published("offer.email.en", "Hi", subject="S")
    with app.app_context():
        for to, purpose in (("+8613800138000", "login"), ("+8613800138001", "default")):
            verifications.issue(verifications.Request(Channel.SMS, to, purpose=purpose), OWNER)
        messages.send(messages.Request(Channel.EMAIL, "a@example.org", template="offer"), OWNER)
        messages.send(messages.Request(Channel.EMAIL, "b@example.org", template="offer"), OWNER)
        old = db.session.scalars(db.select(Message).where(Message.to == "b@example.org")).one()
        old.created_at -= timedelta(days=8)
        db.session.commit()
        counts = usage.lately().counts
    assert counts == {("code", "sms", "login"): 1, ("code", "sms", ""): 1, ("offer", "email", ""): 1}
    page = signed_in.get("/cms/templates").text
    assert "Use is counted among" not in page


def test_a_list_that_counts_only_the_newest_messages_says_so(app, signed_in, published, monkeypatch):
    monkeypatch.setattr(usage, "NEWEST", 1)
    published("offer.email.en", "Hi", subject="S")
    with app.app_context():
        messages.send(messages.Request(Channel.EMAIL, "a@example.org", template="offer"), OWNER)
    assert "Use is counted among the newest 1 messages." in signed_in.get("/cms/templates").text


def test_a_template_gets_a_title_in_all_its_languages(app, signed_in, published):
    published("offer.sms.de", "Hallo")
    edit(signed_in, "offer.sms.en", text="Hi", base="0", title="  Spring   offer ")
    page = signed_in.get("/cms/templates").text
    assert page.count(">Spring offer</span></strong>") == 1
    assert "Spring offer" in signed_in.get("/cms/templates/offer.sms.de").text
    assert (
        'name="title" type="text" value="Spring offer"'
        in signed_in.get("/cms/templates/offer.sms.de/edit").text
    )
    edit(signed_in, "offer.sms.en", text="Hi", base="1", title="")
    assert ">Offer</span></strong>" in signed_in.get("/cms/templates").text
    with app.app_context():
        entries = db.session.scalars(db.select(AuditEntry).where(AuditEntry.action == "template.named")).all()
    assert [(one.before, one.after) for one in entries] == [
        ({"title": ""}, {"title": "Spring offer"}),
        ({"title": "Spring offer"}, {"title": ""}),
    ]


def test_a_title_that_is_too_long_is_refused_and_nothing_is_saved(app, signed_in):
    answer = edit(signed_in, "offer.sms.en", text="Hi", base="0", title="x" * 101)
    assert answer.status_code == 422
    assert "at most 100 characters" in answer.text
    with app.app_context():
        assert not template_views.text(parse("offer.sms.en")).versions


def test_our_own_templates_keep_their_titles(app, signed_in):
    assert 'name="title"' not in signed_in.get(f"{SMS}/edit").text
    edit(signed_in, text="{{ code }}", base="0", title="Mine")
    assert "Mine" not in signed_in.get("/cms/templates").text


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [("channel=sms", "code.sms.en", "code.email.en"), ("locale=de", "notice.sms.de", "notice.sms.en")],
)
def test_the_list_can_be_narrowed(signed_in, query, there, not_there):
    page = signed_in.get(f"/cms/templates?{query}").text
    assert f'"/cms/templates/{there}"' in page
    assert f'"/cms/templates/{not_there}"' not in page


def test_a_list_without_a_match_says_how_to_go_on(signed_in):
    assert "Show all texts" in signed_in.get("/cms/templates?channel=fax").text


def test_the_way_from_a_draft_to_what_is_sent_and_back(signed_in, sms):
    answer = edit(signed_in, text="{{ code }} for {{ service }}", base="0")
    assert answer.location == f"{SMS}/versions/1"
    page = signed_in.get(f"{SMS}/versions/1").text
    assert "012345 for Sendcode" in page
    assert "1 segment" in page
    assert "19 characters, GSM-7" in page
    assert "<ins>" in page
    assert signed_in.submit(f"{SMS}/versions/1/publish").location == SMS
    assert "Current" in signed_in.get(SMS).text
    assert signed_in.submit(f"{SMS}/versions/0/publish").location == SMS
    assert "Go back to this version" in signed_in.get(f"{SMS}/versions/1").text


def test_the_editor_starts_with_the_published_text(signed_in):
    page = signed_in.get(f"{SMS}/edit").text
    assert "your code is {{ code }}" in page
    assert "You can use: {{ code }}, {{ minutes }}, {{ service }}" in page


def test_the_preview_says_what_is_wrong_and_names_what_nobody_sees(signed_in):
    page = signed_in.submit(f"{SMS}/preview", text="{{ cod }}", base="0").text
    preview = html.unescape(page[page.index('id="preview"') :])
    assert "There is no “cod” here. You can use: code" in preview
    page = signed_in.submit(f"{SMS}/preview", text="①②③④⑤⑥ {{ code }}\u00a0it’s", base="0").text
    segments = html.unescape(page[page.index('class="segments"') :])
    assert "NO-BREAK SPACE (U+00A0)" in segments
    page = signed_in.submit(f"{SMS}/preview", text="{{ code }} it’s", base="0").text
    assert "’ RIGHT SINGLE QUOTATION MARK (U+2019)" in html.unescape(page)


def test_the_preview_saves_nothing(app, signed_in):
    page = signed_in.submit(f"{SMS}/preview", text="{{ code }} “quoted”", base="0").text
    assert "012345 “quoted”" in page
    assert "UCS-2" in page
    assert "<code>“ LEFT DOUBLE QUOTATION MARK" in page
    with app.app_context():
        assert (
            db.session.scalars(db.select(AuditEntry).where(AuditEntry.action.like("template.%"))).all() == []
        )


def preview_of(page):
    return page.split('id="preview"')[1]


def test_the_preview_says_what_is_wrong(signed_in):
    page = signed_in.submit(f"{SMS}/preview", text="{{ cod }}", base="0").text
    told = "There is no “cod” here. You can use: code, minutes, service."
    assert told in preview_of(page)
    assert "The preview appears once the text is valid." in preview_of(page)


def test_an_editor_without_a_text_finds_no_fault_yet(signed_in):
    page = preview_of(signed_in.get("/cms/templates/offer.email.en/edit").text)
    assert "The preview appears as you type." in page
    assert "Write something here." not in page
    assert "once the text is valid" not in page


def test_sample_values_can_be_typed(signed_in):
    fields = {"text": "Hi {{ name }}", "subject": "{{ name }}", "sample-name": "<Kim>"}
    page = signed_in.submit(f"{MAIL}/preview", **fields).text
    assert "Hi &lt;Kim&gt;" in page
    assert 'name="sample-name" value="&lt;Kim&gt;"' in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "Write something here."),
        ({"text": "x" * 1601 + "{{ code }}"}, "too long: at most 1600"),
        ({"text": "{{ code }}\0"}, "Type it again"),
        ({"text": "ok\n{{ code"}, "Line 2 can&#39;t be read"),
        ({"text": "{{ code.__class__ }}"}, "Line 1: “.” can&#39;t be used here"),
        ({"text": "{{ code }}" * 1500}, "too"),
        ({"text": "{{ cod }}"}, "There is no “cod” here. You can use: code, minutes, service."),
        ({"text": "no code"}, "The text must always contain the code"),
        ({"text": "{{ code }}{{ minutes|length }}"}, "The values can&#39;t be filled in"),
        ({"text": "{{ code }}", "bound": "1", "host": "a b"}, "Enter a host such as example.org"),
        (
            {"text": "x" * 150 + "{{ code }}", "bound": "1", "host": "a.example"},
            "15 characters too long for one segment of 160",
        ),
        (
            {"text": "{{ code }}", "provider-main-id": "", "provider-main-sign": "Acme"},
            "has given to the approved text",
        ),
        (
            {"text": "{{ code }}", "provider-main-id": "1", "provider-main-params": "a b"},
            "separated by commas",
        ),
        (
            {"text": "{{ code }}", "provider-main-id": "1", "provider-main-params": "name"},
            "There is no “name” here",
        ),
    ],
)
def test_an_invalid_text_is_reported_beside_its_field_and_kept(signed_in, fields, said):
    answer = edit(signed_in, base="0", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_mail_needs_a_subject_without_the_code(signed_in):
    answer = edit(signed_in, "code.email.en", text="{{ code }}", subject="{{ code }}", base="0")
    assert "Leave the code out of it" in answer.text
    assert "Write something here" in edit(signed_in, "code.email.en", text="{{ code }}", base="0").text


def test_a_conflicting_save_is_reported_and_loses_nothing(signed_in, published):
    published("code.sms.en")
    answer = edit(signed_in, text="mine {{ code }}", base="0")
    assert answer.status_code == 409
    assert "Somebody else has saved version 1 since" in answer.text
    assert f'href="{SMS}/versions/1"' in answer.text
    assert "mine {{ code }}" in answer.text
    assert 'name="base" value="1"' in answer.text
    assert edit(signed_in, text="mine {{ code }}", base="1").location == f"{SMS}/versions/2"


def test_the_last_line_defaults_to_the_host_of_this_service(signed_in):
    edit(signed_in, text="{{ code }}", bound="1", host="", base="0")
    assert "@sendcode.test #012345" in signed_in.get(f"{SMS}/versions/1").text


def test_approved_texts_of_providers_are_kept_with_the_version(app, signed_in):
    fields = {
        "provider-main-id": "SMS_1",
        "provider-main-sign": "Acme",
        "provider-main-params": "number = code",
    }
    edit(signed_in, text="{{ code }}", base="0", **fields)
    page = signed_in.get(f"{SMS}/edit").text
    assert 'value="SMS_1"' in page
    assert 'value="number = code"' in page
    assert "No gateway has this name any more" in page
    assert "SMS_1" in signed_in.get(f"{SMS}/versions/1").text


def test_a_new_text_is_saved_under_its_name(signed_in):
    query = {"name": "offer", "channel": "email", "locale": "ZH_hant", "purpose": ""}
    answer = signed_in.get("/cms/templates/new", query_string=query)
    assert answer.location == "/cms/templates/offer.email.zh-Hant/edit"
    assert signed_in.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"name": "Bad Name", "channel": "sms", "locale": "en"}, "starting with a letter"),
        ({"name": "offer", "channel": "fax", "locale": "en"}, "Choose one from the list"),
        ({"name": "offer", "channel": "sms", "locale": "?"}, "Enter a language tag"),
        ({"name": "offer", "channel": "sms", "locale": "en", "purpose": "login"}, "Only the template code"),
    ],
)
def test_an_invalid_name_is_reported(signed_in, query, said):
    assert said in signed_in.get("/cms/templates/new", query_string=query).text


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "code.fax.en",
        "code.sms.EN",
        "code.sms.fr",
        "code.sms.en/versions/9",
        "code.sms.en@login",
        "offer.sms.en",
    ],
)
def test_a_missing_text_is_not_found(signed_in, path):
    assert signed_in.get(f"/cms/templates/{path}").status_code == 404


def test_html_is_shown_in_a_sandboxed_frame(signed_in, published):
    published("offer.email.en", "Hi {{ name }}", subject="S", html=HTML)
    page = signed_in.get(MAIL)
    frame = f'name="published" src="{MAIL}/versions/1/mail?scheme=light"'
    assert f'<iframe class="mail" sandbox title="The HTML of this mail" {frame}' in page.text
    assert page.headers["Content-Security-Policy"] == POLICY
    frame = signed_in.get(f"{MAIL}/versions/1/mail")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "; sandbox;" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "script" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/=]{44}'", policy)) == 2
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_html_that_is_only_typed_is_shown_the_same_way(signed_in):
    fields = {"text": "Hi", "subject": "S", "html": '<p onclick="x()" style="color:red">{{ name }}</p>'}
    frame = signed_in.submit(f"{MAIL}/preview/mail", **{**fields, "sample-name": "<script>"})
    assert "&lt;script&gt;" in frame.text
    assert "default-src 'none'" in frame.headers["Content-Security-Policy"]
    assert signed_in.submit(f"{MAIL}/preview/mail", **{**fields, "text": "{{"}).text == ""


def test_a_test_message_goes_to_ones_own_address_with_the_shown_version(app, signed_in, mails, published):
    published("offer.email.en", "Hi {{ name }}", subject="S")
    edit(signed_in, "offer.email.en", text="Draft {{ name }}", subject="S", base="1")
    answer = signed_in.submit(f"{MAIL}/versions/2/test", **{"sample-name": "Kim"})
    assert answer.location == f"{MAIL}/versions/2"
    assert "A test is on its way to j***@example.org" in signed_in.get(answer.location).text
    assert (mails.sent[-1].to, mails.sent[-1].text) == ("jane@example.org", "Draft Kim\n")
    with app.app_context():
        assert db.session.scalars(db.select(Message.owner)).one().startswith("session:")


def test_a_message_shows_its_version(app, signed_in, mails, published):
    published("offer.email.en", "Hi {{ name }}", subject="S")
    signed_in.submit(f"{MAIL}/versions/1/test")
    with app.app_context():
        number = db.session.scalars(db.select(Message.id)).one()
    page = signed_in.get(f"/cms/messages/{number}").text
    assert f'<a href="{MAIL}/versions/1">Version 1</a>' in page


def test_the_shipped_text_can_be_tried_too(signed_in, mails):
    signed_in.submit("/cms/templates/code.email.de/versions/0/test")
    assert "012345" in mails.sent[-1].text


def test_a_test_by_sms_needs_a_phone(signed_in, sms):
    assert "Your account has no phone number yet" in signed_in.get(f"{SMS}/versions/0").text
    answer = signed_in.submit(f"{SMS}/versions/0/test")
    assert answer.status_code == 303
    assert sms.sent == []


def test_tests_are_counted_as_sends(app, signed_in, mails):
    app.config["DESTINATION_SENDS_PER_10_MINUTES"] = 2
    for _ in range(3):
        signed_in.submit("/cms/templates/code.email.en/versions/0/test")
    assert len(mails.sent) == 2
    assert "Too many codes were requested for this address" in signed_in.get("/cms/templates").text


def test_a_viewer_can_look_but_change_nothing(viewer, published):
    published("code.sms.en")
    for path in ("/cms/templates", SMS, f"{SMS}/versions/1"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert not re.search(r'href="[^"]*/(edit|new|withdraw)"', page.text)
        assert "Publish</button>" not in page.text
    for path in (f"{SMS}/edit", "/cms/templates/new", f"{SMS}/withdraw"):
        assert viewer.get(path).status_code == 403
    posts = ("edit", "preview", "preview/mail", "withdraw")
    for path in (*posts, "versions/1/publish", "versions/1/test", "versions/1/discard"):
        assert viewer.submit(f"{SMS}/{path}", text="{{ code }}").status_code == 403


def test_an_operator_may_do_all_of_it(app, newcomer, published):
    published("code.sms.en")
    with app.app_context():
        administrators.add("olga@example.org", "operator", PASSWORD)
    olga = newcomer()
    olga.sign_in("olga@example.org")
    assert edit(olga, text="two {{ code }}", base="1").status_code == 303
    assert olga.submit(f"{SMS}/versions/2/publish").status_code == 303
    assert olga.submit(f"{SMS}/withdraw", page=f"{SMS}/withdraw").status_code == 303
    page = olga.get("/cms/audit?what=template").text
    assert "Text saved" in page
    assert "Text published" in page
    assert "Text withdrawn" in page
    assert "two " not in page


def test_a_draft_is_discarded_after_a_confirmation(signed_in, published):
    published("code.sms.en")
    edit(signed_in, text="two {{ code }}", base="1")
    path = f"{SMS}/versions/2/discard"
    for page in (SMS, f"{SMS}/versions/2"):
        assert f'href="{path}"' in signed_in.get(page).text
    assert "Discard this draft?" in signed_in.get(path).text
    assert signed_in.submit(path, page=path).location == SMS
    page = signed_in.get(SMS).text
    assert "The draft is discarded. Version 2 is kept." in page
    assert "Never published" in page
    assert path not in page
    assert "{{ code }} one" in signed_in.get(f"{SMS}/edit").text
    assert signed_in.get(path).location == SMS
    assert signed_in.submit(path, page=SMS).location == SMS
    assert "This is no longer a draft" in signed_in.get(SMS).text


def test_people_are_shown_masked_to_those_who_may_not_read_the_audit(app, signed_in, newcomer):
    edit(signed_in, text="{{ code }}", base="0")
    assert '<span class="aside">jane@example.org</span>' in signed_in.get(SMS).text
    with app.app_context():
        administrators.add("vera@example.org", "viewer", PASSWORD)
    viewer = newcomer()
    viewer.sign_in("vera@example.org")
    page = viewer.get(SMS).text
    assert "j***@example.org" in page
    assert "jane@example.org" not in page


def test_going_back_to_the_default_is_called_so_where_there_is_one(signed_in, published):
    published("code.sms.en")
    assert ">Back to the default</a>" in signed_in.get(SMS).text
    asked = signed_in.get(f"{SMS}/withdraw").text
    assert "Back to the default text?" in asked
    assert "the text that comes with the service" in asked
    published("offer.sms.en", text="Hi {{ name }}")
    assert ">Withdraw</a>" in signed_in.get("/cms/templates/offer.sms.en").text
    assert "Withdraw this text?" in signed_in.get("/cms/templates/offer.sms.en/withdraw").text
