"""The overview page: figures that match the rows in every period, and advice where there is no data."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib import parse

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.errors import LimitExceeded
from domain.gateway_errors import GatewayError
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.codes import verifications
from services.figures import right_now
from services.gateways import gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.limits.refusals import Refusals
from services.messaging import broadcasts, messages
from services.people import administrators
from services.process import parts
from services.process.housekeeping import say_alive
from services.process.parts import part
from tests.cms.conftest import PASSWORD, Visitor
from tests.databases import add_rows, sqlite_file

pytestmark = pytest.mark.xdist_group("invented traffic")
URL = "/cms"


@pytest.fixture
def traffic(app: Flask, demo_file: Path) -> None:
    """A month of invented traffic."""
    add_rows(demo_file, sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"]))


def send(app: Flask, **options: object) -> None:
    with app.app_context():
        request = messages.Request(Channel.SMS, "+8613800138000", text="Hello", **options)
        messages.send(request, Owner("key:a"))


def tile(page: str, name: str) -> str:
    found = re.search(rf'<a href="[^"]+">{name}</a>\s*<p><strong[^>]*>([^<]+)</strong>', page)
    assert found, name
    return found[1]


def link_of(page: str, name: str) -> str:
    """Return where the link with this text leads."""
    found = re.search(rf'<a href="([^"]+)">(?:<span[^>]*>)?{re.escape(name)}<', page)
    assert found, name
    return html.unescape(found[1])


def rows(app: Flask, *conditions: object) -> str:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(Message).where(*conditions))
    return f"{found:,}"


@pytest.mark.slow
def test_the_tiles_agree_with_the_rows(signed_in: Visitor, traffic: None, app: Flask) -> None:
    page = signed_in.get(f"{URL}?period=90d").text
    lost = Message.status.in_(["failed", "undelivered", "expired"])
    assert tile(page, "Failed") == rows(app, lost)
    assert f"of {rows(app, Message.status.not_in(['queued', 'sending', 'canceled']))} finished" in page
    assert (
        f"{rows(app)} messages: {rows(app, Message.status.in_(['sent', 'delivered', 'undelivered']))} sent"
        in page
    )
    only = signed_in.get(f"{URL}?period=90d&channel=sms").text
    assert tile(only, "Failed") == rows(app, lost, Message.channel == "sms")
    assert 'href="/cms?channel=sms&amp;period=30d"' in only


def test_each_tile_leads_to_the_list_that_it_counts(signed_in: Visitor, traffic: None) -> None:
    page = signed_in.get(f"{URL}?period=30d&channel=sms").text
    since = (datetime.now(UTC) - timedelta(days=29)).date().isoformat()
    same = f"channel=sms&since={since}"
    assert link_of(page, "Delivery rate") == f"/cms/messages?{same}"
    assert link_of(page, "Conversion") == f"/cms/verifications?{same}"
    assert link_of(page, "Failed") == f"/cms/messages?{same}&status=unsuccessful"
    assert "Unknown filters" not in signed_in.get(link_of(page, "Failed")).text
    day = signed_in.get(f"{URL}?period=24h").text
    assert re.fullmatch(
        r"/cms/messages\?since=\d{4}-\d\d-\d\dT\d\d:00", parse.unquote(link_of(day, "Delivery rate"))
    )


def test_a_range_of_days_of_ones_own(signed_in: Visitor, traffic: None, app: Flask) -> None:
    first, last = (datetime.now(UTC).date() - timedelta(days=back) for back in (9, 3))
    page = signed_in.get(f"{URL}?since={first}&until={last}").text
    made = Message.created_at >= datetime.combine(first, datetime.min.time(), UTC)
    until = Message.created_at < datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC)
    assert f"{rows(app, made, until)} messages:" in page
    assert link_of(page, "Delivery rate") == f"/cms/messages?since={first}&until={last}"
    assert f'href="/cms?channel=sms&amp;since={first}&amp;until={last}"' in page
    one_day = signed_in.get(f"{URL}?since={first}").text
    assert one_day.split('<details class="as-table">')[1].split("</table>")[0].count("<tr><th scope=") == 25
    for bad in ("since=2026-02-30", f"since={last}&until={first}", "since=1999-01-01&until=2026-01-01"):
        told = signed_in.get(f"{URL}?{bad}").text
        assert f"Unknown filters are ignored: {bad.replace('&', ', ')}<" in told
        assert re.search(r'aria-current="true">7 days<', told)


def test_why_messages_were_lost_is_told_with_links(
    signed_in: Visitor, sms: MemoryGateway, app: Flask
) -> None:
    for reason in ("550 <kim@example.org> is gone", "550 <lee@example.org> is gone", "blocked"):
        sms.failures.append(GatewayError(reason))
        send(app)
    page = signed_in.get(URL).text
    assert "kim@" not in page
    place = link_of(page, "550 &lt;…&gt; is gone")
    query = dict(parse.parse_qsl(place.partition("?")[2]))
    del query["since"]
    assert query == {"country": "CN", "error": "550 <…> is gone", "gateway": "memory-sms", "status": "failed"}
    table = re.sub(r"<[^>]+>", " ", page.split("Why lost</h2>")[1].split("</table>")[0])
    assert re.search(r"is gone\s+memory-sms\s+China\s+2\s+67%", table)


def test_a_code_that_may_still_be_entered_is_no_failure(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        made = verifications.issue(
            verifications.Request(Channel.SMS, "+8613800138000", "login"), Owner("key:a")
        )
    page = signed_in.get(URL).text
    assert tile(page, "Conversion") == "–"
    assert "0 of 0 codes entered, 1 open" in page
    with app.app_context():
        verifications.cancel(made.id, Owner("key:a"))
    assert tile(signed_in.get(URL).text, "Conversion") == "0%"


@pytest.mark.parametrize(("period", "places"), [("24h", 24), ("7d", 7), ("30d", 30), ("90d", 90)])
def test_each_period_has_charts_and_their_tables(
    signed_in: Visitor, traffic: None, period: str, places: int
) -> None:
    page = signed_in.get(f"{URL}?period={period}").text
    pictures = 3 if period == "24h" else 4
    assert page.count('role="img"') == page.count("Show as a table") == pictures
    table = page.split('<details class="as-table">')[1].split("</table>")[0]
    assert table.count("<tr><th scope=") == places + 1
    assert "style=" not in page
    rare = () if period == "24h" else ("world", "login", "Germany", "notices, no code")
    for name in ("main", "mail", *rare):
        assert name in page


def test_invalid_parameters_show_the_week(signed_in: Visitor, traffic: None) -> None:
    page = signed_in.get(f"{URL}?period=1y&channel=fax").text
    assert page.count('aria-current="true"') == 2
    assert re.search(r'aria-current="true">7 days<', page)
    assert re.search(r'aria-current="true">All<', page)


def test_without_traffic_it_says_what_to_do(signed_in: Visitor, app: Flask) -> None:
    for period in ("24h", "7d", "90d"):
        page = signed_in.get(f"{URL}?period={period}&channel=sms").text
        assert "Nothing was sent yet" in page
        assert "Choose a longer period" not in page
    assert "seed-demo" not in page
    app.debug = app.config["DEBUG"] = True
    assert "seed-demo" in signed_in.get(f"{URL}?period=90d").text


def test_a_quiet_week_offers_a_longer_period(signed_in: Visitor, app: Flask) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=20)):
        send(app)
    page = signed_in.get(URL).text
    assert "Choose a longer period" in page
    assert "Nothing was sent yet" not in page


def test_messages_that_no_gateway_accepted_are_no_gateway(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    send(app)
    parts.put(app, Gateways([mails]))
    send(app)
    page = " ".join(signed_in.get(URL).text.split())
    assert "No gateway accepted 1 message: 0 lost, 1 waiting, 0 canceled." in page
    assert "none yet" not in page


def test_waiting_messages_are_told_apart(signed_in: Visitor, app: Flask) -> None:
    with app.app_context():
        owner = Owner("key:a")
        made = broadcasts.start(
            broadcasts.Request(
                Channel.SMS,
                [{"to": "+8613800138000"}, {"to": "+8613800138001"}],
                text="Hello",
                send_at=datetime.now(UTC) + timedelta(hours=2),
            ),
            owner,
        )
        assert right_now.look().lanes[-1].later == 2
        broadcasts.pause(made.id, owner)
        assert (right_now.look().paused, right_now.look().has_later) == (2, False)
    send(app, send_at=datetime.now(UTC) + timedelta(hours=1))
    page = re.sub(r"<[^>]+>", " ", signed_in.get(URL).text)
    assert re.search(r"Paused broadcasts\s+2\b", page)
    assert "1 for later" in page


def test_it_shows_what_is_going_on_now(
    signed_in: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "memory-sms")
    page = signed_in.get(URL).text
    assert "No worker is running" in page
    assert page.count(">Circuit breaker open<") == page.count(">Working<") == 1
    with app.app_context():
        say_alive(db.engine, "worker", ["sms", "email", "bulk"], datetime.now(UTC))
        page = signed_in.get(URL).text
    assert "No clock is running" in page
    assert "sms, email, bulk" in page


def test_strangers_may_not_look(newcomer: Callable[[], Visitor]) -> None:
    assert newcomer().get(URL).status_code == 303


def test_changes_by_people_are_flags_on_the_time_axis(
    app: Flask, signed_in: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    send(app)
    assert 'class="flag"' not in signed_in.get(URL).text
    with app.app_context():
        gateway_switches.set_weight("memory-sms", 30)
        with time_machine.travel(datetime.now(UTC) - timedelta(days=20)):
            gateway_switches.set_weight("memory-mail", 40)
        administrators.add("lee@example.net", "viewer", PASSWORD)
    page = signed_in.get(URL).text
    assert page.count('<g class="flag">') == 3, "on each chart over time"
    titles = re.findall(r"<title>([^<]+)</title>", page.split('role="img"')[1])
    assert [title for title in titles if "⚑ Weight of a gateway changed: memory-sms" in title] == titles[6:7]
    assert "1 change by people" in page
    assert "memory-mail</span></li>" not in page
    viewer = newcomer()
    viewer.sign_in("lee@example.net")
    assert '<g class="flag">' not in viewer.get(URL).text


def test_a_tip_has_each_series_with_its_share(app: Flask, signed_in: Visitor) -> None:
    send(app), send(app)
    last = re.findall(r"<title>([^<]+)</title>", signed_in.get(URL).text.split('role="img"')[1])[6]
    assert last.split("\n")[1:] == [
        *("Messages: 2", "Delivered: 0 · 0%", "Sent, no report: 2 · 100%"),
        *("Waiting or canceled: 0 · 0%", "Lost: 0 · 0%"),
    ]


def test_the_day_under_way_is_hatched_and_called_so_far(app: Flask, signed_in: Visitor) -> None:
    send(app)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=2)):
        send(app)
    page = signed_in.get(URL).text
    assert page.count('<g mask="url(#so-far)">') == 2, "the last bar of each chart of counts"
    assert page.count("Today so far") == 2
    titles = re.findall(r"<title>([^<]+)</title>", page.split('role="img"')[1])
    assert [", so far\n" in title for title in titles] == [False] * 6 + [True]
    assert re.search(r'<tbody>\s*<tr><th scope="row">[^<]+, so far</th>', page)
    assert "This hour so far" in signed_in.get(f"{URL}?period=24h").text
    past = signed_in.get(f"{URL}?since={datetime.now(UTC).date() - timedelta(days=2)}").text
    assert "Messages by hour" in past
    assert not re.search("so[- ]far", past)


def test_refusals_of_limits_are_a_chart_where_there_are_any(app: Flask, signed_in: Visitor) -> None:
    send(app)
    assert "Refused by limits" not in signed_in.get(URL).text
    with app.app_context():
        for back, times in ((timedelta(), 2), (timedelta(days=3), 5)):
            with time_machine.travel(datetime.now(UTC) - back):
                for _ in range(times):
                    part(Refusals).note(LimitExceeded("resend_cooldown", 60, who="a***@b.org"))
    table = signed_in.get(URL).text.split("Refused by limits</h2>")[1].split("</table>")[0]
    assert re.findall(r"<td>(\d+)</td>", table) == ["2", "0", "0", "5", "0", "0", "0"]
    assert "Refused by limits" not in signed_in.get(f"{URL}?channel=sms").text, "they are of no channel"


def test_the_time_before_is_marked_in_the_chart_told_in_tips_and_a_column(
    app: Flask, signed_in: Visitor
) -> None:
    send(app)
    page = signed_in.get(URL).text
    assert "Time before" not in page
    assert 'class="earlier"' not in page
    with time_machine.travel(datetime.now(UTC) - timedelta(days=9)):
        send(app), send(app)
    page = signed_in.get(URL).text
    assert page.count('<g class="earlier">') == 8, "one a day, and that of the legend"
    titles = re.findall(r"<title>([^<]+)</title>", page.split('role="img"')[1])
    assert [title.rpartition("Time before: ")[2] for title in titles] == ["0"] * 4 + ["2", "0", "0"]
    table = page.split('<details class="as-table">')[1].split("</table>")[0]
    assert re.findall(r"<td>(\d+)</td></tr>", table) == ["0", "0", "2", "0", "0", "0", "0"]
