"""`flask version`"""

import re

from flask import Flask

from domain.version import VERSION


def test_it_prints_the_version_of_the_release(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["version"])
    assert (result.exit_code, result.output) == (0, f"Sendcode {VERSION}\n")


def test_a_version_is_semantic_and_without_the_v_of_its_tag() -> None:
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-rc\.[1-9]\d*)?", VERSION)
