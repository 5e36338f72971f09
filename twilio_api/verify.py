"""What the routes of Verify share."""

from services.keys.key_owners import Scope
from twilio_api.door import Door
from twilio_api.errors import Words

PREFIX = "/v2"
WORDS = Words(
    invalid=60200,
    country=(403, 60605),
    conflict=(404, 20404),
    names={"to": "To", "channel": "Channel", "code": "Code", "locale": "Locale", "client_ip": "DeviceIp"},
)


def door(name: str, import_name: str) -> Door:
    """Return a blueprint for one subject of Verify."""
    return Door(name, import_name, prefix=PREFIX, scope=Scope.VERIFICATIONS, words=WORDS)
