"""A program with Twilio's SDK against web server and worker; afterwards nothing holds a code, a token or an address."""

from pathlib import Path

import pytest
import urllib3

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import flask, wait_until
from tests.live.test_leaks import everything, found_in

pytestmark = pytest.mark.slow
CALLBACK = "https://shop:callback-s3cret@shop.example/status"


class Program:
    """Calls /twilio of one web process; keeps every answer."""

    def __init__(self, port: int, account: str, token: str, service: str):
        self._root = f"http://127.0.0.1:{port}/twilio"
        self._verify = f"/v2/Services/{service}"
        self._messages = f"/2010-04-01/Accounts/{account}/Messages.json"
        self._headers = urllib3.make_headers(basic_auth=f"{account}:{token}")
        self._pool = urllib3.PoolManager(maxsize=10, retries=False)
        self.answers: list[str] = []

    def post(self, path: str, **fields: str):
        answer = self._pool.request_encode_body(
            "POST", self._root + path, fields, headers=self._headers, encode_multipart=False, timeout=60
        )
        self.answers.append(f"{dict(answer.headers)}\n{answer.data.decode()}")
        return answer

    def verify(self, to: str):
        return self.post(f"{self._verify}/Verifications", To=to, Channel="sms")

    def check(self, to: str, code: str):
        return self.post(f"{self._verify}/VerificationCheck", To=to, Code=code)

    def send(self, to: str, text: str):
        return self.post(self._messages, To=to, Body=text, StatusCallback=CALLBACK)


def test_no_code_and_no_token_is_found_anywhere(make, broker, tmp_path: Path):
    installation = make(**NO_LIMITS, FLASK_DEBUG="1", CODE_LENGTH=10)
    flask(installation.env, "keys", "add", "shop")
    lines = flask(installation.env, "keys", "twilio", "shop").splitlines()
    values = [line.partition("=")[2] for line in lines]
    with installation.web(processes=1), installation.worker("solo", None, "--loglevel=DEBUG"):
        program = Program(installation.ports[0], *values)
        answers = in_parallel(20, lambda n: program.verify(phone(n)).status, threads=4)
        assert list(answers) == [201] * 20
        wait_until(lambda: installation.statuses() == {"sent": 20})
        program.verify(phone(0))  # what waits for a worker would be replaced
        wait_until(lambda: installation.statuses() == {"sent": 21})
        sent = {call.json["to"]: call.json["params"]["code"] for call in installation.sms.calls}
        for n, to in enumerate(sent):
            code = sent[to] if n % 2 else f"{(int(sent[to]) + 1) % 10**10:010}"
            checked = program.check(to, code)
            assert (checked.status, checked.json()["valid"]) == (201, bool(n % 2))
        assert program.send(phone(1), "Hello").status == 201
        assert program.post("/nothing").status == 404
        assert program.post("/v2/Services", x="y" * 70_000).json()["code"] == 20413
        held = everything(installation, broker, tmp_path, program.answers)
    secrets = [*sent.values(), values[1], "callback-s3cret"]
    assert len(secrets) == 22
    assert not found_in(held, secrets)
