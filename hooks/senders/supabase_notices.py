"""What Supabase's notifications say: they come without a text, and without a code."""

from collections.abc import Mapping
from types import MappingProxyType

TYPES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "password_changed_notification": (
            "Your password was changed",
            "Ihr Passwort wurde geändert",
            "您的密码已更改",
        ),
        "email_changed_notification": (
            "Your e-mail address was changed",
            "Ihre E-Mail-Adresse wurde geändert",
            "您的邮箱地址已更改",
        ),
        "phone_changed_notification": (
            "Your phone number was changed",
            "Ihre Telefonnummer wurde geändert",
            "您的手机号码已更改",
        ),
        "identity_linked_notification": (
            "A sign-in method was added to your account",
            "Ihrem Konto wurde eine Anmeldemethode hinzugefügt",
            "您的账户已添加一种登录方式",
        ),
        "identity_unlinked_notification": (
            "A sign-in method was removed from your account",
            "Aus Ihrem Konto wurde eine Anmeldemethode entfernt",
            "您的账户已移除一种登录方式",
        ),
        "mfa_factor_enrolled_notification": (
            "A second factor was added to your account",
            "Ihrem Konto wurde ein zweiter Faktor hinzugefügt",
            "您的账户已添加第二重验证",
        ),
        "mfa_factor_unenrolled_notification": (
            "A second factor was removed from your account",
            "Aus Ihrem Konto wurde ein zweiter Faktor entfernt",
            "您的账户已移除第二重验证",
        ),
    }
)
"""In English, German and Chinese."""
_ADVICE = (
    "If this was not you, contact the people who run this service.",
    "Wenn Sie das nicht waren, wenden Sie sich an die Betreiber dieses Dienstes.",
    "如非本人操作，请联系本服务的运营者。",
)
_LANGUAGES = ("en", "de", "zh")


def text(type: str, locale: str | None) -> str:
    """Return two sentences, the first of which is the subject; in English where the language is not known."""
    language = (locale or "").partition("-")[0].lower()
    number = _LANGUAGES.index(language) if language in _LANGUAGES else 0
    return f"{TYPES[type][number]}. {_ADVICE[number]}"
