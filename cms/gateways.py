"""The gateways, to look at: who carries what, and who is left alone because it fails."""

from flask import render_template

from cms.guard import console
from services import gateway_list


@console.get("/gateways")
def gateways() -> str:
    """List all gateways of this installation."""
    shown = gateway_list.everything()
    return render_template(
        "cms/gateways.html",
        gateways=shown,
        is_unknown=any(gateway.is_left_alone is None for gateway in shown),
        channels={gateway.channel for gateway in shown},
    )
