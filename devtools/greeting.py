"""What `dev.py run` says when everything runs: the addresses, and what the first start made."""

from dataclasses import dataclass

from devtools.settings import Ports


@dataclass(frozen=True)
class FirstRun:
    """The administrator and key made on the first start, shown once."""

    email: str = ""
    password: str = ""
    api_key: str = ""


def summary(ports: Ports, first: FirstRun) -> str:
    """Return the addresses of all parts and what the first start made."""
    web = f"http://127.0.0.1:{ports.web}"
    lines = ["Sendcode is running.", ""]
    lines += [f"  CMS        {web}/cms", f"  API        {web}/api/v1", f"  API docs   {web}/api/docs"]
    if ports.inbox:
        lines.append(f"  Inbox      http://127.0.0.1:{ports.inbox}/  (mail and SMS end here)")
    lines.append("  Commands   python3 dev.py flask …  (such as doctor, seed-demo, keys list)")
    if not first.email:
        lines.append("  Sign in    as before; who can't: python3 dev.py flask admins --help")
    return "\n".join([*lines, "", *shown_once(first), "Ctrl-C stops everything."])


def shown_once(first: FirstRun) -> list[str]:
    """List what the first start made; nothing on later starts."""
    lines = []
    if first.email:
        lines.append(f"  Sign in as {first.email} with the one-time password {first.password}")
    if first.api_key:
        lines.append(f"  API key    {first.api_key}")
    return [*lines, "  Write this down: it is shown only now.", ""] if lines else []
