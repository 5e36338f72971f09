"""Verify: the one service of a key. Its name and the length of its codes are the key's."""

from typing import Any

from services import profiles
from services.keys import api_keys
from services.keys.key_owners import Scope
from twilio_api import verify
from twilio_api.door import account_sid, caller, owner, service_sid, url
from twilio_api.forms import query
from twilio_api.wire import iso, meta, place

blueprint = verify.door("verify_services", __name__)
LINKS = {
    "verifications": "Verifications",
    "verification_checks": "VerificationCheck",
}


@blueprint.get("/Services")
def index() -> dict[str, Any]:
    """List the key's one service."""
    here = place(query())
    return {"services": [_wire()] if here.number == 0 else [], "meta": meta("services", here, None)}


@blueprint.get("/Services/<service>")
def fetch() -> dict[str, Any]:
    """Show the service."""
    return _wire()


def _wire() -> dict[str, Any]:
    made = iso(api_keys.get(caller().id).created_at)
    profile = profiles.of(owner())
    own = url(f"{verify.PREFIX}/Services/{service_sid()}")
    return {
        "sid": service_sid(),
        "account_sid": account_sid(),
        "friendly_name": profile.service_name,
        "code_length": profile.code_length,
        "lookup_enabled": False,
        "psd2_enabled": False,
        "skip_sms_to_landlines": False,
        "dtmf_input_required": False,
        "tts_name": None,
        "do_not_share_warning_enabled": False,
        "custom_code_enabled": Scope.OWN_CODES in caller().scopes,
        "push": {},
        "totp": {},
        "whatsapp": {},
        "passkeys": {},
        "default_template_sid": None,
        "verify_event_subscription_enabled": False,
        "date_created": made,
        "date_updated": made,
        "url": own,
        "links": {name: f"{own}/{path}" for name, path in LINKS.items()},
    }
