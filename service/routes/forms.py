"""The parameters in an address or in a form, in both ways that HTML knows to encode one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from service.errors import InvalidRequest, RequestTooLarge

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_MAX_HEAD_BYTES = 1_000
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition: *form-data;.*?\bname=(?:"([^"\r\n]*)"|([^\s";]+))', re.IGNORECASE | re.MULTILINE
)
_FILE_OR_ENCODED = re.compile(
    rb"\bfilename\*?=|^content-transfer-encoding:(?! *(?:7bit|8bit|binary))", re.IGNORECASE | re.MULTILINE
)


def parse_urlencoded(form: bytes, max_fields: int) -> list[tuple[str, str]]:
    """The names and values of an address or a form; raises InvalidRequest, RequestTooLarge."""
    _check_count(form.count(b"&") + 1, max_fields)
    try:
        return parse_qsl(form.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(
            "The parameters are not in UTF-8. Encode them as UTF-8 before percent-encoding."
        ) from None


def parse_multipart(form: bytes, content_type: str, max_fields: int) -> list[tuple[str, str]]:
    """The names and values of a form as RFC 7578 has it, and as browsers and `curl -F` write it; files are refused.

    Raises InvalidRequest, RequestTooLarge.
    """
    boundary = _BOUNDARY.search(content_type)
    if not boundary:
        raise InvalidRequest("The form's Content-Type names no boundary.")
    delimiter = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1")
    form = b"\r\n" + form
    _check_count(form.count(delimiter) - 1, max_fields)
    preamble, *parts = form.split(delimiter)
    if preamble or not parts or not parts.pop().startswith(b"--"):
        raise InvalidRequest("The form does not begin and end with its boundary.")
    return [_parse_part(part) for part in parts]


def _parse_part(part: bytes) -> tuple[str, str]:
    head, blank, value = part.partition(b"\r\n\r\n")
    name = _NAME.search(head[:_MAX_HEAD_BYTES])
    if not head.startswith(b"\r\n") or not blank or not name:
        raise InvalidRequest('Each part of the form needs a Content-Disposition: form-data; name="…".')
    if _FILE_OR_ENCODED.search(head):
        raise InvalidRequest("A part of the form is a file or encoded; send its text as it is, as a field.")
    try:
        return (name[1] or name[2] or b"").decode(), value.decode()
    except UnicodeDecodeError:
        raise InvalidRequest("The form is not in UTF-8.") from None


def _check_count(fields: int, max_fields: int) -> None:
    if fields > max_fields:
        raise RequestTooLarge(f"There are more than {max_fields} parameters, the limit. Send less at once.")


def as_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The values by their names; of a name that occurs several times, a list."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
