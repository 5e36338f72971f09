"""Crontab lines in words."""

from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from cms.scheduling.crontab_words import words
from services.scheduling.timings import parse_crontab


def told(app: Flask, line: str, language: str = "en") -> str | None:
    with app.test_request_context(headers={"Accept-Language": language}):
        return words(parse_crontab(line, ZoneInfo("UTC")).fields)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("10 8 * * *", "every day at 08:10"),
        ("0 8,12,18 * * *", "every day at 08:00, 12:00 and 18:00"),
        ("0 9 * * 1", "every Monday at 09:00"),
        ("0 9 * * 7", "every Sunday at 09:00"),
        ("0 9 * * mon-fri", "Monday to Friday at 09:00"),
        ("0 9 * * 5,6,0", "Friday to Sunday at 09:00"),
        ("0 9 * * 1,3", "Monday and Wednesday at 09:00"),
        ("30 3 1,15 * *", "on days 1 and 15 of every month at 03:30"),
        ("30 3 1 * *", "on day 1 of every month at 03:30"),
        ("0 0 24 12 *", "every year on 24 December at 00:00"),
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0,15,30,45 * * * *", "every 15 minutes"),
        ("17 * * * *", "every hour at minute 17"),
        ("5 */6 * * *", "every day at 00:05, 06:05, 12:05 and 18:05"),
        ("0 */2 * * *", "every 2 hours from 00:00 to 22:00"),
        ("0 9-17 * * 1-5", "Monday to Friday, every hour from 09:00 to 17:00"),
        ("*/10 9-17 * * *", "every 10 minutes from 09:00 to 17:50"),
        ("*/5 9 * * *", "every 5 minutes from 09:00 to 09:55"),
    ],
)
def test_usual_lines_have_a_plain_sentence(app: Flask, line: str, text: str) -> None:
    assert told(app, line) == text


@pytest.mark.parametrize(
    "line",
    [
        "0 9 1 * 1",  # a Monday that is also the first: other crons take either
        "0 9 31 * *",
        "0 9 29 2 *",
        "0 9 1 1,7 *",
        "0 9 * 1 1",
        "7,9,23 * * * *",
        "*/7 * * * *",
        "0 */5 * * *",
        "1,2 9-17 * * *",
        "0 9 1-7 * *",
        "0 1,5,9,17,22 * * *",
    ],
)
def test_what_has_none_says_nothing(app: Flask, line: str) -> None:
    assert told(app, line) is None


@pytest.mark.parametrize(
    ("line", "german", "chinese"),
    [
        ("10 8 * * *", "täglich um 08:10", "每天 08:10"),
        ("0 9 * * 1", "jeden Montag um 09:00", "每星期一 09:00"),
        ("0 9 * * 1-5", "Montag bis Freitag um 09:00", "星期一至星期五 09:00"),
        ("30 3 1 * *", "am 1. jedes Monats um 03:30", "每月 1 日 03:30"),
        ("0 0 24 12 *", "jährlich am 24. Dezember um 00:00", "每年12月24日 00:00"),
        ("*/15 * * * *", "alle 15 Minuten", "每 15 分钟"),
        (
            "0 9-17 * * 1-5",
            "Montag bis Freitag, jede Stunde von 09:00 bis 17:00",
            "星期一至星期五，每 1 小时，09:00 至 17:00",
        ),
    ],
)
def test_other_languages_say_it_as_they_would(app: Flask, line: str, german: str, chinese: str) -> None:
    assert (told(app, line, "de"), told(app, line, "zh")) == (german, chinese)
