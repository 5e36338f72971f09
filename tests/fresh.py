"""Programs in a separate process, with the fewest settings that the service starts with."""

import subprocess
import sys
from pathlib import Path


def run_fresh(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python source; its SQLite database, if it makes one, is the one file in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": "/usr/bin:/bin",
            "SECRET_KEY": "s" * 32,
            "CODE_PEPPER": "p" * 32,
            "SMS_SENDS_PER_DAY": "0",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'x.db'}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
