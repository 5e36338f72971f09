"""The history on the pages of things that the audit knows by their id or their name."""

import re

from flask import Flask

from domain.statuses import Channel
from domain.template_keys import TextKey
from services.audit import trail
from services.gateways import gateway_switches
from services.keys import api_keys
from services.people import administrators
from services.scheduling import schedules
from services.scheduling.schedule_rules import NewSchedule
from services.templating import templates
from services.templating.text_sources import Source
from tests.cms.conftest import PASSWORD, Visitor


def history(page: str) -> str:
    part = page.split("History</h2>")[1].split("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_a_gateway_tells_what_was_changed(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        gateway_switches.set_weight("memory-sms", 30)
        gateway_switches.set_weight("memory-mail", 40)
    told = history(signed_in.get("/cms/gateways/memory-sms").text)
    assert "Weight of a gateway changed" in told
    assert "became 30" in told
    assert "became 40" not in told
    assert "Command line" in told


def test_keys_and_people_are_known_by_their_ids(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        key = api_keys.create("Web shop")[0].id
        administrators.add("lee@example.net", "viewer", PASSWORD)
        administrators.change_role("lee@example.net", "operator")
    assert "API key added" in history(signed_in.get(f"/cms/api-keys/{key}").text)
    listed = signed_in.get("/cms/administrators").text
    path = re.findall(r'href="(/cms/administrators/\d+)"[^>]*>lee@', listed)[0]
    told = history(signed_in.get(path).text)
    assert "Role changed" in told
    assert "jane" not in told


def test_schedules_are_known_by_their_names(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        schedules.add(NewSchedule("nightly", "sendcode.purge", cron="0 3 * * *"))
    listed = signed_in.get("/cms/schedules").text
    path = re.findall(r'href="(/cms/schedules/[^"]+)"[^>]*>nightly', listed)[0]
    assert "Schedule added" in history(signed_in.get(path).text)


def test_texts_are_known_by_their_keys(app: Flask, signed_in: Visitor) -> None:
    key = TextKey("code", Channel.SMS, "en")
    with app.app_context():
        number = templates.save(key, Source("Draft {{ code }}"), base=0, by=trail.COMMAND_LINE)
        templates.publish(key, number, by=trail.COMMAND_LINE)
    told = history(signed_in.get(f"/cms/templates/{key}").text)
    assert told.index("Text published") < told.index("Text saved")


def test_only_the_newest_changes_are_shown(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        for weight in range(20, 35):
            gateway_switches.set_weight("memory-sms", weight)
    told = history(signed_in.get("/cms/gateways/memory-sms").text)
    assert told.count("Weight of a gateway changed") == trail.OF_ONE
    assert "34" in told
    assert "→ became 24" not in told
