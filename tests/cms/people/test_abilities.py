"""What each role may do, as the page says it and as the views demand it."""

import re

from flask import Flask

from cms.access.guard import needed_role
from cms.people import abilities
from tests.cms.conftest import Visitor


def test_each_example_is_a_view_of_its_own(app: Flask) -> None:
    named = [endpoint for _, endpoint, _ in abilities.EXAMPLES]
    assert len(set(named)) == len(named)
    for _, endpoint, method in abilities.EXAMPLES:
        assert method in next(app.url_map.iter_rules(endpoint)).methods
        assert needed_role(endpoint, method) is not None


def test_the_table_begins_with_what_everybody_may(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/administrators/invite").text
    table = page.split("What each role may do</summary>")[1].split("</table>")[0]
    heads = re.findall(r'<span class="role">(\w+)</span>', table)
    rows = [re.findall(r'hidden-text">(yes|no)<', row) for row in table.split("<tr>")[2:]]
    assert heads == ["viewer", "operator", "owner"]
    assert rows[0] == ["yes", "yes", "yes"]
    assert rows[1] == ["no", "yes", "yes"]
    assert rows[-1] == ["no", "no", "yes"]
    assert rows == sorted(rows, key=lambda row: row.count("no"))
