"""Events as they are posted, verified by the official libraries of Standard Webhooks for Python and JavaScript."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.codes.verifications import Request
from services.webhooks import endpoints, signing
from tests.servers.http import Call, HttpGatewayServer
from tests.services.webhooks.conftest import post_all

pytestmark = pytest.mark.usefixtures("context")
MODULES = Path(os.environ.get("TEST_NODE_MODULES", "/nowhere"))
NODE = shutil.which("node")
Verify = Callable[[str, Call, bytes], Any]


def by_python(secret: str, call: Call, body: bytes) -> Any:
    """Return the event, None where the library refuses it."""
    library = pytest.importorskip("standardwebhooks", reason="the tests' requirements are not installed")
    try:
        return library.Webhook(secret).verify(body, dict(call.headers))
    except library.WebhookVerificationError:
        return None


@pytest.fixture
def by_javascript(tmp_path: Path) -> Verify:
    """Verify as `by_python` does; modules are found beside the file that imports them."""
    if not (NODE and (MODULES / "standardwebhooks").is_dir()):
        pytest.skip("TEST_NODE_MODULES names no folder with standardwebhooks")
    (tmp_path / "node_modules").symlink_to(MODULES)
    program = shutil.copy(Path(__file__).with_name("verify.mjs"), tmp_path)

    def verify(secret: str, call: Call, body: bytes) -> Any:
        given = json.dumps({"secret": secret, "headers": dict(call.headers), "body": body.decode()})
        done = subprocess.run([NODE, program], input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return verify


@pytest.fixture(params=["python", pytest.param("javascript", marks=pytest.mark.slow)])
def verify(request: pytest.FixtureRequest) -> Verify:
    """Each library in turn."""
    return by_python if request.param == "python" else request.getfixturevalue("by_javascript")


def post(receiver: HttpGatewayServer, to: str) -> Call:
    """Post the event of a new verification whose data are in more than one script."""
    request = Request(Channel.SMS, to, metadata={"shop": "Grüße, 你好"})
    verifications.issue(request, Owner("key:tests"))
    post_all()
    return receiver.calls[-1]


def test_both_secrets_of_a_rotation_verify_and_no_other_does(
    receiver: HttpGatewayServer, verify: Verify
) -> None:
    made = endpoints.create(receiver.url, events=["verification.created"], owner="key:tests")
    call = post(receiver, "+8613800138000")
    assert verify(made.secret, call, call.body) == json.loads(call.body)
    renewed = endpoints.rotate(made.endpoint.id)
    call = post(receiver, "+8613800138001")
    for secret in (made.secret, renewed.secret):
        assert verify(secret, call, call.body) == json.loads(call.body)
        assert verify(secret, call, call.body + b" ") is None
    assert verify(signing.new_secret().text, call, call.body) is None
