"""Where a page may send somebody next: only to our own pages."""

from domain.characters import has_control_characters

HOME = "/cms"


def own_path(text: str | None) -> str | None:
    """Return `text` where it is a path of the console, else None.

    `//host`, `/\\host` and `https:host` would all leave this site in some browser.
    """
    if not text or len(text) > 500 or "\\" in text or has_control_characters(text):
        return None
    return text if text == HOME or text.startswith(f"{HOME}/") else None
