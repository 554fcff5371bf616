"""Completes the OpenAPI document with what all operations share: keys, headers, limits, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from service.errors import KINDS
from service.settings import Settings

_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The API key, as `Authorization: Bearer KEY`.",
    },
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The API key in its own header.",
    },
    "deepl": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`DeepL-Auth-Key KEY`, as DeepL clients send it; accepted by all routes.",
    },
}
_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "description": "Your own id for the request: 1 to 64 letters, digits, dots, dashes and underscores. If it is "
    "missing or invalid, the service generates one.",
    "schema": {"type": "string"},
}
_REQUEST_ID_HEADER = {
    "description": "The id of the request: yours or a generated one. It is also in the service's log.",
    "schema": {"type": "string"},
}
_RETRY_AFTER_HEADER = {
    "description": "Seconds to wait before trying again.",
    "schema": {"type": "integer", "minimum": 1},
}
_TEXTS = frozenset({"text", "q", "source", "target"})
"""Fields that hold texts, unless they are an enumeration of languages."""


def describe(app: FastAPI, settings: Settings) -> None:
    """Make the application complete its OpenAPI document when it is first requested."""
    framework = app.openapi
    complete: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not complete:
            complete.update(_completed(framework(), settings))
        return complete

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending it


def _completed(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    document["servers"] = [{"url": "."}]  # a proxy may serve it below another path
    document["components"] |= {
        "securitySchemes": _SCHEMES,
        "parameters": {"RequestId": _REQUEST_ID, "Deadline": _deadline(settings)},
        "headers": {"RequestId": _REQUEST_ID_HEADER, "RetryAfter": _RETRY_AFTER_HEADER},
    }
    for operation in _operations(document):
        _add_security(operation, settings)
        _add_headers(operation)
        _add_limits(operation, settings)
        _add_examples_of_problems(operation)
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _deadline(settings: Settings) -> dict[str, Any]:
    return {
        "name": "X-Deadline-Seconds",
        "in": "header",
        "description": "Seconds after which to return a 504 instead of an answer; at most the default, "
        f"{settings.deadline_seconds:g}.",
        "schema": {"type": "number", "exclusiveMinimum": 0, "default": settings.deadline_seconds},
    }


def _add_security(operation: dict[str, Any], settings: Settings) -> None:
    if not {"401", "403"} & operation["responses"].keys():
        return
    operation["security"] = [{name: []} for name in _SCHEMES] + ([] if settings.needs_key else [{}])


def _add_headers(operation: dict[str, Any]) -> None:
    names = ["RequestId", "Deadline"] if "504" in operation["responses"] else ["RequestId"]
    references = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    operation.setdefault("parameters", []).extend(references)
    for status, response in operation["responses"].items():
        headers = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
        if status in ("429", "503"):
            headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
        response.setdefault("headers", {}).update(headers)


def _add_limits(operation: dict[str, Any], settings: Settings) -> None:
    limits = (
        f"Limits: {settings.max_texts:,} texts and {settings.max_characters:,} characters (Unicode code points) "
        "in all texts of a request."
    )
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        for name, field in content["schema"].get("properties", {}).items():
            if name in _TEXTS and not {"enum", "const"} & field.keys():
                field["description"] = f"{field['description']} {limits}"


def _add_examples_of_problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/problem+json")
        if content is not None:
            text = response["description"].lower()
            kinds = [kind for kind in KINDS.values() if str(kind.status) == status]
            kind = min(kinds, key=lambda kind: kind.slug.partition("-")[0] not in text)  # else the first one
            content["example"] = {
                "type": kind.type,
                "title": kind.title,
                "status": kind.status,
                "detail": response["description"],
                "request_id": "5f0c2f9d6b1e4a7f8c3d2e1b0a9f8e7d",
            }
