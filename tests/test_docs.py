"""Tests about the documentation: links lead somewhere, and a path that is named exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_house import TOWERS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "requirements" / "README.md"])
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
PATH = re.compile(r"`(\w[\w.-]*(?:/[\w.-]+)*/?)`")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ENDINGS = (".py", ".html", ".md", ".js", ".css", ".toml", ".txt", ".in", ".po", ".ini", ".example")
NOT_HERE = {"gateways.toml", "sendcode.py", "otp.js"}
"""Files that a reader makes, and files of other projects."""


def prose(text: str) -> str:
    """Return a page without its examples."""
    return FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Return the relative links of a page that lead nowhere."""
    for match in LINK.finditer(prose(text)):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if (name and not file.exists()) or (
            anchor and anchor not in anchors(file.read_text(encoding="utf-8") if name else text)
        ):
            yield target


def looks_like_ours(name: str) -> bool:
    """Tell whether a word in backticks is meant as a path of this repository: `domain/codes.py`, `cms/`, `app.py`."""
    top, slash, _ = name.partition("/")
    if slash:
        return (ROOT / top).is_dir() and (
            name.endswith(("/", *ENDINGS)) or "." not in name.rpartition("/")[2]
        )
    return name.endswith(ENDINGS) and name not in NOT_HERE


def missing_paths(page: Path, text: str) -> Iterator[str]:
    """Return the paths that a page names and that exist neither from the root nor beside it; a bare name: anywhere."""
    for name in dict.fromkeys(PATH.findall(prose(text))):
        if not looks_like_ours(name):
            continue
        if (ROOT / name).exists() or (page.parent / name).exists():
            continue
        if "/" in name or not any(ROOT.glob(f"[!.]*/**/{name}")):
            yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere_and_every_path_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert list(dead_links(page, text)) == []
    assert list(missing_paths(page, text)) == []


def test_a_dead_link_and_a_path_that_is_gone_are_found() -> None:
    page = ROOT / "docs" / "some.md"
    text = "# Top\n[a](gone.md) [b](adr/) [c](#top) [d](#bottom) [e](../README.md#two-commands) [f](https://x.org/y)\n"
    assert list(dead_links(page, text)) == ["gone.md", "#bottom"]
    named = "`services/codes/checks.py` `services/gone/checks.py` `cms/` `channels/gone/` `a/b` `nobody.py` `app.py`"
    assert list(missing_paths(page, named)) == ["services/gone/checks.py", "channels/gone/", "nobody.py"]
    assert list(missing_paths(page, "```\n`services/gone.py`\n```\n")) == []


def test_a_picture_that_is_gone_is_found() -> None:
    page = ROOT / "some.md"
    assert list(dead_links(page, '<img alt="x" src="docs/images/gone.png">')) == ["docs/images/gone.png"]


@pytest.mark.parametrize(
    ("room", "title"), [("services", "Services"), ("cms", "Console"), ("channels", "Channels")]
)
def test_the_architecture_draws_each_room_from_the_top_down(room: str, title: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawing = page.partition(f"### {title}\n")[2].split("```")[1]
    assert [line.split()[0] for line in drawing.splitlines() if line] == list(reversed(TOWERS[room]))
