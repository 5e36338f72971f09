"""The SMS alphabet that needs no Unicode: GSM 03.38 with its extension (3GPP TS 23.038, 6.2.1)."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
ALPHABET = frozenset(BASIC + EXTENSION)


def fits(text: str) -> bool:
    """Tell whether every character can be sent without Unicode, at 160 instead of 70 characters a segment."""
    return ALPHABET.issuperset(text)
