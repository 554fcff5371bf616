"""`POST /translate`, `POST /translate/stream` and `POST /score`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.access import Client
from service.batcher import Deadline
from service.dependencies import (
    Identified,
    cancel_on_disconnect,
    charged,
    check_alternatives,
    check_size,
    deadline_of,
    read_json_body,
    stored_glossary,
    translate_for,
)
from service.engine import TranslateKind, TranslationResult
from service.errors import INTERNAL, InvalidRequest, kind_of, problem_response, problems
from service.failures import log_failure
from service.loaded_model import MAX_INLINE_SENTENCES, LoadedModel
from service.model_manager import Manager
from service.schemas.scoring import ScoreAnswer, ScoredTranslation, ScoreRequest
from service.schemas.translation import TranslateRequest
from service.schemas.translation_answer import (
    StreamedSentence,
    StreamEnd,
    TranslateAnswer,
    stream_example,
    stream_schema,
)
from service.settings import Settings
from translator.translate import SourceSentence

router = APIRouter(tags=["translation"])

_PROBLEMS = problems(
    {
        400: "The body is not JSON.",
        401: "The service needs an API key, and it is missing or unknown.",
        403: "The API key's quota of characters for this month is used up.",
        404: "The glossary does not exist or belongs to another API key.",
        413: "The body, the number of texts or their characters exceed a limit; `GET /model` lists the limits.",
        415: "The `Content-Type` is not `application/json`.",
        422: "A field is missing, unknown, of the wrong type or out of range.",
        429: "The API key has made too many requests; `Retry-After` says when to try again.",
        503: "The service is busy or not ready; `Retry-After` says when to try again.",
        504: "The translation took longer than the deadline of the service or of `X-Deadline-Seconds`.",
    }
)


@router.post(
    "/translate",
    summary="Translate English into German",
    response_model=TranslateAnswer,
    responses=_PROBLEMS,
    openapi_extra=TranslateRequest.openapi_body(),
)
async def translate(request: Request, manager: Manager, client: Identified) -> Response:
    """Translate one text or a list of texts; the translations are in the same order."""
    manager.current_model().batcher.check_admission(TranslateKind())  # before the body is read
    body = await _read_body(request, manager.settings)
    await _use_stored_glossary(request, client, body)
    model, translations = await translate_for(client, request, manager, body)
    answer = TranslateAnswer(translations=translations, **_model_fields(model, request))
    return await _json_response(answer, sum(len(text.sentences) for text in translations))


@router.post(
    "/translate/stream",
    summary="Translate English into German, streaming each sentence as soon as it is finished",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: a `sentence` event for each sentence, in the order of the text, "
            "with a StreamedSentence as data, then `done` with a StreamEnd or `error` with a Problem. To assemble "
            "the translation, copy the text between two sentences unchanged. Closing the connection stops the work.",
            "content": {
                "text/event-stream": {
                    "itemSchema": stream_schema(),
                    "example": stream_example(),
                }
            },
        },
        **_PROBLEMS,
    },
    openapi_extra=TranslateRequest.openapi_body(),
)
async def translate_stream(request: Request, manager: Manager, client: Identified) -> StreamingResponse:
    """Translate one text or a list of texts, sentence by sentence."""
    manager.current_model().batcher.check_admission(TranslateKind())
    body = await _read_body(request, manager.settings)
    if body.translate_attributes:
        raise InvalidRequest(
            "translate_attributes: is not supported in a stream, which leaves tags as they are; use POST /translate."
        )
    await _use_stored_glossary(request, client, body)
    deadline = deadline_of(request, manager.settings.deadline_seconds)
    events = _events(request, manager.current_model(), body, deadline)
    try:
        async with charged(client, body.characters):
            # An error before the first sentence is answered with its own HTTP status.
            first = await cancel_on_disconnect(request, anext(events))
    except BaseException:
        await events.aclose()
        raise
    return _EventStream(first, events)


@router.post(
    "/score",
    summary="Score given translations",
    response_model=ScoreAnswer,
    responses=_PROBLEMS,
    openapi_extra=ScoreRequest.openapi_body(),
)
async def score(request: Request, manager: Manager, client: Identified) -> Response:
    """Return how likely the model finds the given translations; the scores are in the same order."""
    manager.current_model().batcher.check_admission()
    body = ScoreRequest.from_json(await read_json_body(request, manager.settings.max_body_bytes))
    characters = check_size([text for pair in body.pairs for text in pair], manager.settings)
    deadline = deadline_of(request, manager.settings.deadline_seconds)
    with manager.current_model().in_use() as model:
        async with charged(client, characters):
            results = await cancel_on_disconnect(request, model.score(body.pairs, body.kind, deadline))
    scores = [ScoredTranslation.of(result, body.tokens) for result in results]
    return await _json_response(ScoreAnswer(scores=scores, **_model_fields(model, request)), len(results))


async def _read_body(request: Request, settings: Settings) -> TranslateRequest:
    """Read and check the request."""
    # Read here and not by the framework: its size is checked as it arrives, and there is one parser.
    body: TranslateRequest = TranslateRequest.from_json(
        await read_json_body(request, settings.max_body_bytes)
    )
    check_alternatives(body.alternatives, settings)
    check_size(body.texts, settings, body.prefixes)
    return body


async def _use_stored_glossary(request: Request, client: Client, body: TranslateRequest) -> None:
    body.use(await stored_glossary(request, client, [body.glossary_id] if body.glossary_id else []))


def _model_fields(model: LoadedModel, request: Request) -> dict[str, Any]:
    seconds = round(time.monotonic() - request.state.started, 4)
    return {"model": model.engine.name, "device": model.engine.device, "seconds": seconds}


async def _json_response(answer: BaseModel, size: int) -> Response:
    """Serialize an answer to JSON; a long one on another thread, so that other requests do not wait for it."""
    is_short = size <= MAX_INLINE_SENTENCES
    content = answer.model_dump_json() if is_short else await asyncio.to_thread(answer.model_dump_json)
    return Response(content, media_type="application/json")


class _EventStream(StreamingResponse):
    """A stream of events, the first already computed; when the client disconnects, the work behind it stops."""

    def __init__(self, first: str, events: AsyncGenerator[str]) -> None:
        self._events = events

        async def body() -> AsyncIterator[str]:
            yield first
            async for event in events:
                yield event

        super().__init__(body(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


async def _events(
    request: Request, model: LoadedModel, body: TranslateRequest, deadline: Deadline
) -> AsyncGenerator[str]:
    """Yield the events of a stream; an error after the first sentence becomes an event too."""
    has_started = False
    with model.in_use():
        try:
            async with (
                model.translating(body, deadline) as (sentences_of_texts, arriving),
                aclosing(_ordered(sentences_of_texts, arriving)) as sentences,
            ):
                async for sentence in sentences:
                    has_started = True
                    yield _event("sentence", sentence)
        except Exception as error:
            if not has_started:
                raise
            if kind_of(error) is INTERNAL:
                log_failure(request, error)
            problem = bytes(problem_response(request, error).body).decode()
            yield f"event: error\ndata: {problem}\n\n"
        else:
            yield _event(
                "done",
                StreamEnd(sentences=sum(map(len, sentences_of_texts)), **_model_fields(model, request)),
            )


async def _ordered(
    sentences_of_texts: list[list[SourceSentence]], arriving: AsyncIterator[tuple[int, TranslationResult]]
) -> AsyncGenerator[StreamedSentence]:
    """Yield each sentence as soon as it and all sentences before it are finished."""
    sentences = [
        (text_index, sentence_index, sentence)
        for text_index, some in enumerate(sentences_of_texts)
        for sentence_index, sentence in enumerate(some)
    ]
    waiting: dict[int, TranslationResult] = {}
    sent, streamed = 0, None
    async for index, result in arriving:
        waiting[index] = result
        while sent in waiting:
            text_index, sentence_index, sentence = sentences[sent]
            streamed = StreamedSentence.of(
                sentence,
                waiting.pop(sent),
                streamed if sentence_index else None,
                text_index=text_index,
                sentence_index=sentence_index,
                done=sent + 1,
                total=len(sentences),
            )
            sent += 1
            yield streamed


def _event(name: str, data: BaseModel) -> str:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n"
