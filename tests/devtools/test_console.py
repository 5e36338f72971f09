"""The output of `dev.py`."""

import io

import pytest

from devtools.console import Console, wants_colour


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_every_line_names_its_process():
    out = io.StringIO()
    Console(out, {}).say("one\ntwo", "web")
    assert out.getvalue() == "web    | one\nweb    | two\n"


def test_only_the_name_is_coloured_on_a_terminal():
    out = Terminal()
    Console(out, {"WT_SESSION": "1"}).say("text", "web")
    assert out.getvalue() == "\033[32mweb    |\033[0m text\n"


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1", "WT_SESSION": "1"}, {"TERM": "dumb", "WT_SESSION": "1"}]
)
def test_colours_are_left_out_where_they_are_not_wanted(environ):
    assert not wants_colour(Terminal(), environ)


def test_a_closed_pipe_does_not_stop_the_output():
    out = io.StringIO()
    console = Console(out, {})
    out.close()
    console.say("nobody reads this")
    console.say("nor this")
