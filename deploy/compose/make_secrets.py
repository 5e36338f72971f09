"""`python make_secrets.py OURS THEIRS`: make the secrets of an installation of containers that are not there yet.

OURS is a folder for Sendcode's processes, THEIRS one for database and brokers; neither sees what only the other needs.
Files are readable by everybody in the containers that mount them, as Docker's own secrets are: their users differ.
"""

import secrets
import sys
from pathlib import Path

READABLE = 0o444
VALKEY = (
    "requirepass {password}\nmaxmemory-policy noeviction\nappendonly yes\nappendfsync everysec\ndir /data\n"
)
RABBITMQ = "default_user = sendcode\ndefault_pass = {password}\ndefault_vhost = sendcode\n"


def main(ours: Path, theirs: Path) -> None:
    """Make what is missing in both folders."""
    keep(ours / "secret_key", secrets.token_hex(32))
    keep(ours / "code_pepper", secrets.token_hex(32))
    postgres = keep(theirs / "postgres_password", secrets.token_hex(24))
    valkey = keep(theirs / "valkey_password", secrets.token_hex(24))
    rabbitmq = keep(theirs / "rabbitmq_password", secrets.token_hex(24))
    keep(theirs / "valkey.conf", VALKEY.format(password=valkey))
    keep(theirs / "rabbitmq.conf", RABBITMQ.format(password=rabbitmq))
    keep(ours / "database_url", f"postgresql+psycopg://sendcode:{postgres}@postgres/sendcode")
    keep(ours / "valkey_url", f"redis://:{valkey}@valkey:6379/0")
    keep(ours / "rabbitmq_url", f"amqp://sendcode:{rabbitmq}@rabbitmq:5672/sendcode")


def keep(path: Path, text: str) -> str:
    """Write a file unless it is there, whole or not at all; return what is in it now."""
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        part.write_text(text, encoding="utf-8")
        part.chmod(READABLE)
        part.replace(path)
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
