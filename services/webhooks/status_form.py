"""A call-back of a message, in Twilio's form and with Twilio's signature."""

import base64
import json
from datetime import datetime
from urllib.parse import urlencode

from domain import twilio_callbacks, twilio_sids
from domain.keyring import Keyring
from domain.statuses import MessageStatus
from services.webhooks.kinds import Due, Outgoing

FORM = "application/x-www-form-urlencoded"


def write(due: Due, keyring: Keyring, now: datetime) -> Outgoing:
    """Write the form of one call-back; raises Unreadable where a key of CODE_PEPPER was removed."""
    told = json.loads(due.data)
    url = keyring.open(base64.b64decode(told["url"]), row=told["message"]).decode()
    token = keyring.open(base64.b64decode(told["token"]), row=told["token_for"]).decode()
    fields = twilio_callbacks.form(
        MessageStatus(told["status"]),
        message_sid=twilio_sids.sid(twilio_sids.MESSAGE, told["message"]),
        account_sid=twilio_sids.sid(twilio_sids.ACCOUNT, told["key"]),
        to=told["to"],
    )
    signed = {twilio_callbacks.SIGNATURE_HEADER: twilio_callbacks.signature(token, url, fields)}
    bare, password = twilio_callbacks.without_password(url)
    headers = {"Content-Type": FORM, **signed, **({"Authorization": password} if password else {})}
    return Outgoing(bare, headers, urlencode(fields).encode())
