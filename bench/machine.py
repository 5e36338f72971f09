"""The line that describes the machine of a run."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from devtools.broker import valkey_server

PACKAGES = ("celery", "SQLAlchemy", "Flask", "redis")


def machine() -> str:
    """Return processor, cores, system, and the versions that matter."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_broker()}, {packages}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _broker() -> str:
    server = valkey_server() or "redis-server"
    try:
        said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "no Redis"
    return " ".join(said.split()[:3])


def processor_seconds(pid: int) -> float:
    """Return how long a process has used the processor, in itself and in the kernel; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
