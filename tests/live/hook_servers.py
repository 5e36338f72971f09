"""Ten identity servers, one of each type, that post to their hooks as they do in the field."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from devtools.live.process import ROOT
from domain.hooks import HookType
from hooks.senders import SENDERS
from services.hooks.trials import Trial
from tests.live.installation import Installation

TYPES = [one for one in HookType if one is not HookType.ALERTMANAGER]
_ADD = """
import json, sys
from app import create_app
from services.hooks import hooks
with create_app(doors=()).app_context():
    made = {kind: hooks.add(kind, kind) for kind in sys.argv[1:]}
    print(json.dumps({kind: [view.id, secret] for kind, (view, secret) in made.items()}))
"""


@dataclass
class HookServers:
    """The servers; `took` are the seconds of each answer by type, `codes` what was posted by destination."""

    installation: Installation
    took: dict[HookType, list[float]] = field(default_factory=lambda: {kind: [] for kind in TYPES})
    codes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Add the hooks in one process: ten commands would take ten times as long."""
        command = [sys.executable, "-c", _ADD, *TYPES]
        env = self.installation.env
        said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True, timeout=100)
        self._hooks = json.loads(said.stdout.splitlines()[-1])
        self._lock = threading.Lock()

    def post(self, kind: HookType, to: str) -> int:
        """Post a code to a destination and return the status of the answer."""
        hook_id, secret = self._hooks[kind]
        with self._lock:
            code = f"{100_000 + len(self.codes)}"
            self.codes[to] = code
        made = SENDERS[kind].sample(Trial(to, code, datetime.now(UTC), str(uuid4())), secret)
        url = f"http://127.0.0.1:{self.installation.ports[0]}/hooks/{hook_id}"
        request = urllib.request.Request(url, made.body, dict(made.headers), method=made.method)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
        with self._lock:
            self.took[kind].append(time.monotonic() - began)
        return status

    def sent(self) -> dict[str, set[str]]:
        """Return what reached the gateway: the texts by destination."""
        found: dict[str, set[str]] = {}
        for call in self.installation.sms.calls:
            found.setdefault(call.json["to"], set()).add(call.json["text"])
        return found
