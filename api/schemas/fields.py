"""Strict fields: values are not coerced, so a number is not accepted as text."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate
from marshmallow.fields import Field

from domain.characters import has_control_characters, trimmed
from domain.codes import LONGEST_GUESS
from services.limits.shared_windows import address_key

_MESSAGES = {"required": "is required", "null": "must be text", "invalid": "must be text"}


class Body(Schema):
    """A request body; an unknown field is an error, because it may be misspelled.

    `null` for an optional field is the same as leaving it out: many clients send every field that they know.
    """

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        """Let optional fields be null, also in the document."""
        if not field_obj.required:
            field_obj.allow_none = True

    def load(self, data: Any, **options: Any) -> Any:
        """Drop the optional fields that are null, so that their defaults apply, and load; a hook would cost 40 us."""
        if isinstance(data, dict) and None in data.values():
            data = {
                name: value
                for name, value in data.items()
                if value is not None or not self._may_be_null(name)
            }
        return super().load(data, **options)

    def _may_be_null(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is not None and not field.required

    error_messages = {"unknown": "is not a known field", "type": "must be an object"}  # noqa: RUF012 - marshmallow's way


class Query(Body):
    """A query string, by the same rules."""

    error_messages = {"unknown": "is not a known parameter"}  # noqa: RUF012


class Answer(Schema):
    """An answer; it may get more members later, so the document does not rule them out."""

    class Meta:
        unknown = EXCLUDE


class Nothing(Body):
    """A call without fields."""


class Text(fields.String):
    """One line of text of limited length."""

    default_error_messages = {**_MESSAGES, "control": "must not contain control characters"}  # noqa: RUF012

    def __init__(
        self, longest: int, *, shortest: int = 1, also: Sequence[Callable[[str], Any]] = (), **options: Any
    ):
        length = validate.Length(shortest, longest, error="must have {min} to {max} characters")
        super().__init__(validate=[length, *also], **options)

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> str:
        text = super()._deserialize(value, *args, **options)
        if has_control_characters(text):
            raise self.make_error("control")
        return text


class Typed(Text):
    """One line of text that people may have pasted: white space and marks that print nothing around it are cut."""

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        text = trimmed(value) if isinstance(value, str) and not has_control_characters(value) else value
        return super()._deserialize(text, *args, **options)


class PastedCode(fields.String):
    """A code as it was typed or pasted; which characters it may have is for the service to say."""

    default_error_messages = _MESSAGES

    def __init__(self, **options: Any):
        length = validate.Length(1, LONGEST_GUESS, error="must have {min} to {max} characters")
        super().__init__(validate=length, **options)


class Whole(fields.Integer):
    """A whole number in a query, in ASCII digits."""

    default_error_messages = {"invalid": "must be a whole number"}  # noqa: RUF012

    def __init__(self, lowest: int, highest: int, **options: Any):
        bounds = validate.Range(lowest, highest, error="must be {min} to {max}")
        super().__init__(validate=bounds, **options)

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> int | None:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **options)


class Count(fields.Integer):
    """A whole number in a body; which ones are allowed is for the service to say."""

    default_error_messages = {"invalid": "must be a whole number"}  # noqa: RUF012

    def __init__(self, lowest: int, highest: int, **options: Any):
        """`lowest` and `highest` are for the document."""
        documented = {"minimum": lowest, "maximum": highest, **options.pop("metadata", {})}
        super().__init__(strict=True, metadata=documented, **options)

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> int | None:
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *args, **options)


class Lines(fields.String):
    """Text of several lines; CRLF becomes LF."""

    default_error_messages = {**_MESSAGES, "control": "must not contain control characters"}  # noqa: RUF012

    def __init__(self, longest: int, **options: Any):
        length = validate.Length(1, longest, error="must have {min} to {max} characters")
        super().__init__(validate=length, **options)

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> str:
        text = super()._deserialize(value, *args, **options).replace("\r\n", "\n")
        if has_control_characters(text.replace("\n", "").replace("\t", "")):
            raise self.make_error("control")
        return text


class Choice(fields.Enum):
    """One word of a StrEnum."""

    default_error_messages = {**_MESSAGES, "unknown": "must be one of {choices}"}  # noqa: RUF012

    def __init__(self, words: Any, **options: Any):
        documented = {"type": "string", **options.pop("metadata", {})}
        super().__init__(words, by_value=True, metadata=documented, **options)


class Word(fields.String):
    """One word of a StrEnum, in an answer."""

    def __init__(self, words: Iterable[str], **options: Any):
        super().__init__(validate=validate.OneOf([str(word) for word in words]), **options)


class Texts(fields.Dict):
    """An object of texts."""

    default_error_messages = {**_MESSAGES, "null": "must be an object", "invalid": "must be an object"}  # noqa: RUF012

    def __init__(self, longest: int, **options: Any):
        super().__init__(keys=Text(longest), values=Text(longest, shortest=0), **options)


class Address(Text):
    """An IP address."""

    def __init__(self, **options: Any):
        super().__init__(45, also=[address_key], **options)


class Moment(fields.AwareDateTime):
    """A time in RFC 3339, with an offset."""

    default_error_messages = {  # noqa: RUF012
        **_MESSAGES,
        "null": "must be a time",
        "invalid": "must be a time of RFC 3339 such as 2026-03-01T09:30:00Z",
        "invalid_awareness": "must have an offset, such as Z or +08:00",
    }

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> datetime:
        if not isinstance(value, str) or "T" not in value.upper():
            raise self.make_error("invalid", input=value, obj_type="time")
        try:  # RFC 3339 5.6: "t" and "z" may be lower case
            return super()._deserialize(value.upper(), *args, **options).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type="time") from None


class Params(fields.Dict):
    """Values for placeholders: an object of texts and numbers, validated by the service."""

    default_error_messages = {**_MESSAGES, "null": "must be an object", "invalid": "must be an object"}  # noqa: RUF012

    def __init__(self, **options: Any):
        super().__init__(keys=fields.String(), values=fields.Raw(allow_none=True), **options)


class Time(fields.DateTime):
    """A time in RFC 3339 and UTC, with microseconds: a caller may wait for it, so it must not be rounded down."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z") if value else None
