"""A text in all its languages, side by side."""

from flask import render_template

from cms.access.guard import console
from cms.templating.templates import look, parsed, shared
from domain.errors import NotFound
from services.templating import siblings, template_views


@console.get("/templates/<key>/languages")
def template_languages(key: str) -> str:
    """Show what readers of each language get; where nothing is published, the newest version. Raises NotFound."""
    parsed_key = parsed(key)
    found = siblings.everywhere(parsed_key)
    if not found:
        raise NotFound("no such text")
    return render_template(
        "cms/templating/template_languages.html",
        key=parsed_key,
        languages=found,
        looks={one.key: look(one.key, one.source) for one in found},
        **shared(template_views.text(parsed_key)),
    )
