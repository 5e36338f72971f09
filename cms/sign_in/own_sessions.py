"""The signed-in person's own sessions: list and end them."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from domain.roles import Role
from services.sign_in import session_lists


@console.get("/account/sessions")
def own_sessions() -> str:
    """List the signed-in person's sessions."""
    me = signed_in()
    return render_template(
        "cms/sign_in/own_sessions.html", sessions=session_lists.living(me.administrator.id), current=me.id
    )


@console.post("/account/sessions/<session_id>/end")
@needs(Role.VIEWER)
def end_session(session_id: str) -> Response:
    """End one session."""
    session_lists.end_one(session_id, by=actor())
    flash(_("The session is ended."), "success")
    return redirect(url_for("cms.own_sessions"), 303)


@console.post("/account/sessions/end-others")
@needs(Role.VIEWER)
def end_other_sessions() -> Response:
    """End all sessions except this one."""
    ended = session_lists.end_others(signed_in(), by=actor())
    flash(ngettext("%(num)s session is ended.", "%(num)s sessions are ended.", ended), "success")
    return redirect(url_for("cms.own_sessions"), 303)
