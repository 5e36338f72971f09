"""Redirect targets: only pages of the console."""

from domain.characters import has_control_characters

HOME = "/cms"


def own_path(text: str | None) -> str | None:
    """Return `text` if it is a path of the console, otherwise None.

    `//host`, `/\\host` and `https:host` would each leave this site in some browser.
    """
    if not text or len(text) > 500 or "\\" in text or has_control_characters(text):
        return None
    return text if text == HOME or text.startswith(f"{HOME}/") else None
