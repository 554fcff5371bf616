"""Parsing of query strings and of forms, in both encodings of HTML forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from service.errors import InvalidRequest, RequestTooLarge

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_PIECE_BYTES = 1 << 18


def parse_urlencoded(form: bytes, max_fields: int) -> list[tuple[str, str]]:
    """Parse a query string or a form into names and values; raises InvalidRequest, RequestTooLarge."""
    _check_count(form.count(b"&") + 1, max_fields)
    try:
        return parse_qsl(form.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(
            "The parameters are not in UTF-8. Encode them as UTF-8 before percent-encoding."
        ) from None


async def parse_multipart(form: bytes, headers: Headers, max_fields: int) -> list[tuple[str, str]]:
    """Parse a multipart form (RFC 7578), as browsers and `curl -F` send it; files are refused.

    Raises InvalidRequest.
    """
    try:
        form.decode()  # the parser would read invalid UTF-8 as Latin-1
    except UnicodeDecodeError:
        raise InvalidRequest("The form is not in UTF-8. Send it in UTF-8.") from None

    async def whole() -> AsyncGenerator[bytes]:
        yield form

    try:
        fields = await MultiPartParser(
            headers, whole(), max_files=0, max_fields=max_fields, max_part_size=len(form)
        ).parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The form cannot be read: {error.message}") from None
    return [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]


async def parse_upload(
    form: bytes, headers: Headers, max_fields: int
) -> tuple[list[tuple[str, str]], tuple[str, bytes] | None]:
    """Parse a multipart form with at most one file; return its other fields, and the file's name and content.

    Raises InvalidRequest.
    """

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(form), _PIECE_BYTES):  # other requests are served between them
            yield form[start : start + _PIECE_BYTES]

    try:
        parser = MultiPartParser(
            headers, pieces(), max_files=1, max_fields=max_fields, max_part_size=len(form)
        )
        parser.spool_max_size = len(form)  # never in a temporary file, for which there may be no folder
        parsed = await parser.parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The form cannot be read: {error.message}") from None
    fields, file = list[tuple[str, str]](), None
    for name, value in parsed.multi_items():
        if isinstance(value, str):
            fields.append((name, value))
        else:
            file = value.filename or "", await value.read()
    await parsed.close()
    return fields, file


def _check_count(fields: int, max_fields: int) -> None:
    if fields > max_fields:
        raise RequestTooLarge(f"There are more than {max_fields} parameters, the limit. Send less at once.")


def as_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Map each name to its value, or to a list if it occurs several times."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
