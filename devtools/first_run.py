"""`python -m devtools.first_run`: bring the database up to date; make the administrator and key for a first start.

Its last line on stdout is JSON, `{"administrator": {"email", "password"} | null, "api_key": str | null,
"warnings": [str, …]}`, with null where there already was one. The warnings name settings that are probably misspelt.
"""

import json

from flask_migrate import upgrade

from app import create_app
from domain.roles import Role
from services.doctor.settings import misspelt
from services.keys import api_keys
from services.people import administrators

EMAIL = "admin@example.com"
KEY_NAME = "development"


def main() -> None:
    """Migrate, then add the first administrator and the first API key."""
    app = create_app(doors=["commands"])
    with app.app_context():
        upgrade()
        made = {
            "administrator": first_administrator(),
            "api_key": first_api_key(),
            "warnings": [finding.text for finding in misspelt(app.config)],
        }
    print(json.dumps(made))


def first_administrator() -> dict[str, str] | None:
    """Add an owner with a one-time password, unless there already is an administrator."""
    if administrators.everyone():
        return None
    administrator, password = administrators.add(EMAIL, Role.OWNER)
    return {"email": administrator.email, "password": password or ""}


def first_api_key() -> str | None:
    """Add a key for trying the API, unless there already is one."""
    if api_keys.list_all():
        return None
    _, key = api_keys.create(KEY_NAME)
    return key


if __name__ == "__main__":
    main()
