"""The page of the API: every operation, every field, every code of an error; no script needed."""

import re
from pathlib import Path

import pytest

from api.reference.error_codes import ERROR_CODES
from api.reference.samples import LANGUAGES

TESTS = Path(__file__).parents[1]
ASSERTED = re.compile(r'problem\([^()]*(?:\([^()]*\)[^()]*)*,\s*(\d{3}),\s*"(\w+)"\)')
"""What the tests of the API assert of problems: status and code."""


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").json


@pytest.fixture
def page(client):
    return client.get("/api/docs").text


def test_every_operation_is_shown_with_a_sample_in_each_language(document, page):
    operations = [
        (path, told["operationId"], told["summary"])
        for path, item in document["paths"].items()
        for method, told in item.items()
        if method != "parameters"
    ]
    assert len(operations) > 30
    for path, name, summary in operations:
        assert page.count(f'<article id="{name}"') == page.count(f'href="#{name}">{summary}</a></li>') == 1
        assert f"</span> {path}" in page
        for language in LANGUAGES:
            assert page.count(f'id="{name}-{language}"') == 1


def test_every_field_of_every_body_and_answer_is_shown(document, page):
    for schema in (
        "NewVerification",
        "NewStep",
        "Verification",
        "NewMessage",
        "Message",
        "NewWebhook",
        "Statistics",
    ):
        for name in document["components"]["schemas"][schema]["properties"]:
            assert re.search(rf"<dt><code>(?:[\w\[\]*]+\.)*{name}</code>", page), (schema, name)
    assert "<code>fallback[].after_seconds</code>" in page


def test_every_link_of_the_page_leads_somewhere(page):
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert len(ids) == len(re.findall(r'\sid="([^"]+)"', page))


def test_every_code_that_the_api_answers_is_in_the_table():
    told = {(one.status, one.code) for one in ERROR_CODES}
    asserted = {
        (int(status), code)
        for file in TESTS.glob("test_*.py")
        for status, code in ASSERTED.findall(file.read_text(encoding="utf-8"))
    }
    assert len(asserted) > 12
    assert asserted <= told


def test_the_page_names_the_address_by_which_people_reach_it(app, client, page):
    assert "curl http://sendcode.test/api/v1/verifications" in page
    app.config["PUBLIC_URL"] = ""
    assert "curl http://localhost/api/v1/verifications" in client.get("/api/docs").text
    for number in range(6):
        client.get("/api/docs", base_url=f"http://host-{number}.test")
    assert len(app.extensions["sendcode_api_pages"]) <= 4
