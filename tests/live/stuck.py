"""A server of ours whose every call hangs: `python -m tests.live.stuck PORT`."""

import sys
import time
from collections.abc import Iterable
from typing import Any

import waitress

from serving import waitress_server
from serving.ceilings import Ceilings


def hang(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Say that a call has come, and answer after a minute."""
    print("hangs", flush=True)
    time.sleep(60)
    start_response("200 OK", [])
    return [b""]


if __name__ == "__main__":
    waitress_server.install(Ceilings(65_536, {}))
    waitress.serve(hang, host="127.0.0.1", port=int(sys.argv[1]))
