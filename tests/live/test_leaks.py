"""After 200 codes, the database, the broker, logs and answers contain none of them, in any encoding.

The codes have ten digits, so that none is found by chance.
"""

import base64
import collections
import math
import re
from pathlib import Path

import pytest

from tests.live.installation import NO_LIMITS, in_parallel, phone
from tests.live.processes import wait_until
from tests.servers.http import Answer

pytestmark = pytest.mark.slow


def forms(code):
    """Return the encodings in which a code might be written."""
    return {
        "plain": code.encode(),
        **{f"base64 at {offset}": base64_inside(code.encode(), offset) for offset in range(3)},
        "hex": code.encode().hex().encode(),
        "url": "".join(f"%{ord(digit):02x}" for digit in code).encode(),
        "utf-16": code.encode("utf-16-le"),
        "json": "".join(f"\\u{ord(digit):04x}" for digit in code).encode(),
    }


def base64_inside(data, offset):
    """Return the base64 letters for `data` that begins `offset` bytes after a multiple of three."""
    encoded = base64.b64encode(bytes(offset) + data)
    return encoded[math.ceil(offset * 8 / 6) : (offset + len(data)) * 8 // 6]


def everything(installation, broker, tmp_path, answers):
    """Return all data left after the sends: files of the installation and the broker, and all answers."""
    assert broker.ask("SAVE").startswith(b"+OK")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "gateways.toml"]
    names = {path.name for path in files}
    assert {"sendcode.db", "sendcode.db-wal", "dump.rdb"} <= names
    assert any("appendonly" in str(path) for path in files)
    assert sum(path.suffix == ".log" for path in files) >= 3
    return {**{str(path): path.read_bytes() for path in files}, "answers": "\n".join(answers).encode()}


def found_in(held, secrets):
    """Count where which form of a secret was found."""
    found = collections.Counter()
    for place, data in held.items():
        for secret in secrets:
            for form, needle in forms(secret).items():
                if needle in data and not _chance(data, needle):
                    found[place, form] += 1
    return found


def test_no_code_is_found_anywhere_after_two_hundred_sends(make, broker, tmp_path: Path):
    installation = make(**NO_LIMITS, FLASK_DEBUG="1", CODE_LENGTH=10)
    with installation.web(processes=1), installation.worker("solo", None, "--loglevel=DEBUG"):
        api = installation.api()
        installation.sms.script(Answer(500), Answer(400), Answer(429, headers={"Retry-After": "4"}))
        installation.mail.script("DATA", "451 4.3.0 later", "554 5.6.0 never")

        def one(n):
            to, channel = (phone(n), "sms") if n % 2 else (f"user{n}@x.org", "email")
            issued = api.issue(to, channel, metadata={"order": f"#{n}"}).body
            api.call("GET", f"/verifications/{issued['id']}")
            return issued["id"]

        ids = in_parallel(200, one, threads=4)
        wait_until(lambda: set(installation.statuses()) <= {"sent", "failed"}, 60)
        sent = {call.json["to"]: call.json["params"]["code"] for call in installation.sms.calls}
        sent |= {mail.recipient: mail.text.split("\n\n")[1].strip() for mail in installation.mail.mails}
        for n, verification in enumerate(ids[:40]):
            code = next(iter(sent.values())) if n % 3 else list(sent.values())[n]
            api.check(verification, code)
        held = everything(installation, broker, tmp_path, api.answers)
    codes = list(sent.values())
    assert len(codes) >= 198
    assert all(len(code) == 10 and code.isdigit() for code in codes)
    assert not found_in(held, codes)


def _chance(data, needle):
    """Tell whether the ten digits occur only inside longer numbers, as in a time of sixteen digits."""
    return needle.isdigit() and not re.search(rb"(?<![0-9])" + needle + rb"(?![0-9])", data)


@pytest.mark.parametrize("form", forms("0"))
def test_the_scan_would_find_a_code(form):
    code = "1234567890"
    needle = forms(code)[form]
    if form.startswith("base64"):
        data = base64.b64encode(b"code: "[: 3 + int(form[-1])] + code.encode() + b" is yours")
    else:
        data = b"x" + needle + b"y"
    assert needle in data
    assert not _chance(data, needle)


def test_the_scan_does_not_take_a_part_of_a_longer_number_for_a_code():
    assert _chance(b'{"at": 91234567890123}', b"1234567890")
