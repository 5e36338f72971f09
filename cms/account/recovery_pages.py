"""What the pages of the second step share: recovery codes, shown once, and why the last way stays."""

from flask import render_template, url_for
from flask_babel import gettext as _


def shown(title: str, codes: list[str]) -> str:
    """Return the page with new recovery codes."""
    return render_template(
        "cms/frame/secret.html",
        title=title,
        text=_(
            "Keep these recovery codes where you can find them without your phone or your mailbox. Each one "
            "works for one sign-in. They are shown only once; older ones no longer work."
        ),
        label=_("Recovery codes"),
        secret="\n".join(codes),
        rows=len(codes),
        back=url_for("cms.second_factor"),
    )


def last_way_text() -> str:
    """Return why the last way can't be removed."""
    return _("A second step is required here. Set up another way first.")
