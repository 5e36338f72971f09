"""The distribution: types, wheel, sdist, and one call in an environment with nothing else."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
NEEDED = ("httpx", "httpcore", "h11", "anyio", "certifi", "idna", "typing_extensions")
ONE_CALL = """
import sendcode, sendcode.testing
fake = sendcode.testing.FakeSendcode()
made = fake.verifications.issue("sms", "+8613800138000")
assert fake.verifications.check(made.id, fake.code(made.id)).valid
print(sendcode.__file__)
"""

pytestmark = pytest.mark.slow


def run(*command: str | Path, folder: Path = PACKAGE) -> str:
    done = subprocess.run(
        [str(one) for one in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mypy_strict_finds_nothing(tmp_path):
    run(sys.executable, "-m", "mypy", "--cache-dir", tmp_path)


def test_a_caller_gets_the_types_of_answers(tmp_path):
    (tmp_path / "caller.py").write_text(
        "from sendcode import AsyncSendcode, Sendcode\n"
        "blocking, awaited = Sendcode('http://x', 'k'), AsyncSendcode('http://x', 'k')\n"
        "reveal_type(blocking.verifications.issue('sms', '1'))\n"
        "reveal_type(awaited.verifications.check('1', '2'))\n"
        "reveal_type(blocking.messages.list(status='sent'))\n"
        "reveal_type(awaited.messages.list())\n"
        "blocking.verifications.issue('fax', '1')\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    done = subprocess.run(
        [*command, "caller.py"],
        cwd=tmp_path,
        env={"MYPYPATH": str(PACKAGE / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    assert 'caller.py:3: note: Revealed type is "sendcode.answers.Verification"' in said
    assert any(
        "caller.py:4" in line and "Coroutine[Any, Any, sendcode.answers.CheckResult]" in line for line in said
    )
    assert any("caller.py:5" in line and "Iterator[sendcode.answers.Message]" in line for line in said)
    assert any("caller.py:6" in line and "AsyncIterator[sendcode.answers.Message]" in line for line in said)
    assert any("caller.py:7: error" in line for line in said)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel made from it, built by the setuptools that is here, so that no index is asked."""
    folder = tmp_path_factory.mktemp("dist")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((PACKAGE / name).read_bytes())
    for path in (PACKAGE / "src").rglob("*"):
        if path.suffix == ".py" or path.name == "py.typed":
            target = source / path.relative_to(PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    build = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    run(sys.executable, "-c", build, folder, folder=source)
    sdist = next(folder.glob("*.tar.gz"))
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder]
    run(sys.executable, "-m", "pip", "wheel", *offline, sdist, folder=source)
    return next(folder.glob("*.whl")), sdist


def test_wheel_and_sdist_hold_every_module_the_types_and_the_licence(built):
    wheel, sdist = built
    modules = {path.relative_to(PACKAGE / "src").as_posix() for path in (PACKAGE / "src").rglob("*.py")}
    names = set(zipfile.ZipFile(wheel).namelist())
    assert modules | {"sendcode/py.typed"} <= names
    assert any(name.endswith("LICENSE") for name in names)
    assert not [name for name in names if "test_client" in name]
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/src/")[2] for name in archive.getnames()}
    assert modules | {"sendcode/py.typed"} <= packed


def test_the_wheel_made_from_the_sdist_works_in_an_empty_environment(built, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    offline = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    run(python, "-m", "pip", "install", *offline, built[0], folder=tmp_path)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    for name in NEEDED:  # what httpx needs, from where the tests run
        found = find_spec(name)
        assert found
        assert found.origin
        origin = Path(found.origin)
        target = origin.parent if origin.name == "__init__.py" else origin
        (site / target.name).symlink_to(target)
    where = run(python, "-I", "-c", ONE_CALL, folder=tmp_path).strip()
    assert Path(where).is_relative_to(tmp_path)
