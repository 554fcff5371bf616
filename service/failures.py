"""Logging of unexpected errors: type and place, without the message, which may quote a user's text."""

from __future__ import annotations

import logging
import traceback

from starlette.requests import Request

logger = logging.getLogger(__name__)


def log_failure(request: Request, error: BaseException) -> None:
    """Log that a request failed, with the types of the error and of its causes, and where they were raised."""
    logger.error("request %s failed:\n%s", request.state.request_id, _places(error))


def _places(error: BaseException | None) -> str:
    lines: list[str] = []
    while error is not None:
        kind = type(error)
        lines.append(
            f"{kind.__module__}.{kind.__qualname__}, raised at\n{''.join(traceback.format_tb(error.__traceback__))}"
        )
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "caused by ".join(lines).rstrip()
