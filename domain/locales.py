"""Language tags (BCP 47): the canonical form, and the fallbacks."""

import re

_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}")
_WRITTEN_IN = {"TW": "Hant", "HK": "Hant", "MO": "Hant", "CN": "Hans", "SG": "Hans"}
"""How Chinese is written where a tag does not say (CLDR, likely subtags)."""
LAST_RESORT = "en"


def canonical(tag: str) -> str:
    """Return a tag as RFC 5646, 2.1.1 recommends to write it: `zh_hant_hk` becomes `zh-Hant-HK`."""
    parts = tag.replace("_", "-").lower().split("-")
    plain = next((place for place, part in enumerate(parts) if len(part) == 1), len(parts))
    return "-".join([*parts[:1], *map(_subtag, parts[1:plain]), *parts[plain:]])


def _subtag(part: str) -> str:
    if _SCRIPT.fullmatch(part):
        return part.title()
    return part.upper() if _REGION.fullmatch(part) else part


def broader(tag: str) -> list[str]:
    """Return a tag and its broader tags, cutting one part after the other (RFC 4647, 3.4).

    Chinese of a region becomes Chinese in the script of that region before it becomes Chinese: zh-TW, zh-Hant, zh.
    """
    parts = canonical(tag).split("-")
    found = []
    while parts:
        found.append("-".join(parts))
        if len(parts) == 2 and parts[0] == "zh" and parts[1] in _WRITTEN_IN:
            found.append(f"zh-{_WRITTEN_IN[parts[1]]}")
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()  # a singleton means nothing without what follows it
    return found


def chain(wanted: str | None, default: str | None) -> list[str]:
    """Return the tags to look for, nearest first: those of `wanted`, of the default, and English at the end."""
    tags = [tag for start in (wanted, default, LAST_RESORT) if start for tag in broader(start)]
    return list(dict.fromkeys(tags))
