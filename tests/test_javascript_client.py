"""The JavaScript client: its own tests, its types, its package; and that it has every call of the document."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from devtools import openapi_types

FOLDER = Path(__file__).resolve().parents[1] / "clients" / "javascript"
ONE_CALL = """
import { MalformedCode, Sendcode } from "@sendcode/client";
const fetch = async (url) => new Response(JSON.stringify({ valid: url.endsWith("/api/v1/verifications/x/check") }));
const client = new Sendcode("http://sendcode.test", "sc_live_x", { fetch });
console.log((await client.verifications.check("x", "123456")).valid, MalformedCode.name);
"""


@pytest.fixture(scope="module")
def document():
    return openapi_types.document()


@pytest.fixture
def npm():
    found = shutil.which("npm")
    if not found:
        pytest.skip("npm is not installed")
    return found


def run(*command: str | Path, folder: Path = FOLDER) -> str:
    done = subprocess.run([*command], cwd=folder, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_are_those_of_the_document(document):
    written = openapi_types.FILE.read_text(encoding="utf-8")
    assert written == openapi_types.typescript(document), "run `python -m devtools.openapi_types`"


def test_every_operation_that_needs_a_key_is_called_at_its_address(document):
    text = (FOLDER / "src" / "operations.js").read_text(encoding="utf-8")
    called = {
        name: (method, path) for name, method, path in re.findall(r'(\w+): \["(\w+)", "([^"]+)"\]', text)
    }
    documented = {
        one["operationId"]: (method.upper(), re.sub(r"\{\w+\}", "{id}", path).removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if method != "parameters" and one.get("security") != []
    }
    assert {name: called.get(name) for name in documented} == documented
    assert set(called) - set(documented) == set()


def test_both_clients_have_one_version():
    python = (FOLDER.parent / "python" / "pyproject.toml").read_text(encoding="utf-8")
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert f'version = "{package["version"]}"' in python
    for file in (FOLDER / "src" / "conversation.js", FOLDER.parent / "python/src/sendcode/conversation.py"):
        assert f'= "{package["version"]}"' in file.read_text(encoding="utf-8"), file


@pytest.mark.slow
def test_its_own_tests_pass():
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    run("node", "--test")


@pytest.mark.slow
def test_its_types_fit(npm, tmp_path):
    compiler = shutil.which("tsc")
    if not compiler:
        command = [npm, "install", "--silent", "--no-save", "--prefix", tmp_path, "typescript@5"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=200)
        if done.returncode:
            pytest.skip("no TypeScript: npm has no registry that answers")
        compiler = str(tmp_path / "node_modules" / ".bin" / "tsc")
    run(compiler, "--noEmit", "-p", FOLDER, folder=tmp_path)


@pytest.mark.slow
def test_the_package_installs_and_works_in_an_empty_folder(npm, tmp_path):
    packed = json.loads(run(npm, "pack", "--json", "--pack-destination", tmp_path))[0]
    names = {one["path"] for one in packed["files"]}
    assert {
        "LICENSE",
        "README.md",
        "package.json",
        "src/index.js",
        "src/index.d.ts",
        "types/api.d.ts",
    } <= names
    assert not [name for name in names if name.startswith(("test", "checks"))]
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "package.json").write_text('{"type": "module", "private": true}')
    (empty / "call.js").write_text(ONE_CALL)
    run(npm, "install", "--offline", "--silent", tmp_path / packed["filename"], folder=empty)
    assert os.listdir(empty / "node_modules" / "@sendcode") == ["client"]
    assert run("node", "call.js", folder=empty).strip() == "true MalformedCode"
