"""`POST /translate`, `POST /translate/stream` and `POST /score`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.batcher import Deadline
from service.engine import TranslatedWork, TranslateKind
from service.errors import INTERNAL, InvalidRequest, kind_of, problem_response, problems
from service.failures import log_failure
from service.requests import (
    Identified,
    charged,
    check_size,
    deadline_of,
    read_json_body,
    unless_client_leaves,
)
from service.room import Room, Served
from service.schemas.scoring import ScoreAnswer, ScoredTranslation, ScoreRequest
from service.schemas.translation import (
    StreamedSentence,
    StreamEnd,
    TranslateAnswer,
    TranslatedSentence,
    TranslatedText,
    TranslateRequest,
    stream_example,
    stream_schema,
)
from service.settings import Settings
from translator.translate import SourceSentence

router = APIRouter(tags=["translation"])

_LONGEST_WRITTEN_AT_ONCE = 100
"""Sentences: to write an answer of 10,000 takes a third of a second."""

_PROBLEMS = problems(
    {
        400: "The body is not JSON.",
        401: "The API key is missing or not known, where one is needed.",
        403: "The API key's quota of characters is used up.",
        413: "The body, the texts or their characters are over a limit; `GET /model` tells the limits.",
        415: "The body is not declared as `application/json`.",
        422: "A field is missing, unknown, of the wrong type or out of range.",
        429: "The API key has made too many requests; `Retry-After` says when to try again.",
        503: "The service is busy or not ready; `Retry-After` says when to try again.",
        504: "The translation took longer than the deadline: the service's, or that of `X-Deadline-Seconds`.",
    }
)


@router.post(
    "/translate",
    summary="Translate English into German",
    response_model=TranslateAnswer,
    responses=_PROBLEMS,
    openapi_extra=TranslateRequest.openapi_body(),
)
async def translate(request: Request, room: Room, client: Identified) -> Response:
    """Translate one text or a list of texts; the translations come in the same order."""
    room.ready().batcher.check(TranslateKind())  # before the body is read
    wanted, characters = await _read(request, room.settings)
    deadline = deadline_of(request, room.settings.deadline_seconds)
    with room.ready().used() as served, charged(client, characters):
        work = room.work(served, wanted.texts, wanted.prefixes, wanted.kind, deadline, wanted.style)
        parts, results = await unless_client_leaves(request, work)

    def answer() -> TranslateAnswer:
        return TranslateAnswer(
            translations=[
                TranslatedText.of(text, sentences, found)
                for text, sentences, found in zip(wanted.texts, parts, results, strict=True)
            ],
            **_about(served, request),
        )

    return await _written(answer, sum(map(len, parts)))


@router.post(
    "/translate/stream",
    summary="Translate, and send each sentence as soon as it is finished",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `sentence` for each sentence, in the order of the text, with a "
            "StreamedSentence as data; at the end `done` with a StreamEnd, or `error` with a problem. Between "
            "sentences stands in the translation what stands between them in the text. Closing the connection "
            "stops the work.",
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
async def translate_stream(request: Request, room: Room, client: Identified) -> StreamingResponse:
    """Translate one text or a list of texts, sentence by sentence."""
    room.ready().batcher.check(TranslateKind())
    wanted, characters = await _read(request, room.settings)
    deadline = deadline_of(request, room.settings.deadline_seconds)
    events = _events(request, room.ready(), wanted, deadline)
    try:
        with charged(client, characters):
            # Whatever goes wrong before the first sentence is answered as a problem with its status.
            first = await unless_client_leaves(request, anext(events))
    except BaseException:
        await events.aclose()
        raise
    return _EventStream(first, events)


@router.post(
    "/score",
    summary="Score translations that are given",
    response_model=ScoreAnswer,
    responses=_PROBLEMS,
    openapi_extra=ScoreRequest.openapi_body(),
)
async def score(request: Request, room: Room, client: Identified) -> Response:
    """Tell how likely the model finds given translations; the scores come in the same order."""
    room.ready().batcher.check()
    wanted = ScoreRequest.from_json(await read_json_body(request, room.settings.max_body_bytes))
    characters = check_size([text for pair in wanted.pairs for text in pair], room.settings)
    deadline = deadline_of(request, room.settings.deadline_seconds)
    with room.ready().used() as served, charged(client, characters):
        results = await unless_client_leaves(request, served.score(wanted.pairs, wanted.kind, deadline))

    def answer() -> ScoreAnswer:
        return ScoreAnswer(
            scores=[ScoredTranslation.of(result, wanted.tokens) for result in results],
            **_about(served, request),
        )

    return await _written(answer, len(results))


async def _read(request: Request, settings: Settings) -> tuple[TranslateRequest, int]:
    """The request, if it may be served, and how many characters it has."""
    # The body is read here and not by the framework: it is counted as it comes, and parsed in one known way.
    wanted = TranslateRequest.from_json(await read_json_body(request, settings.max_body_bytes))
    if wanted.alternatives > settings.max_alternatives:
        raise InvalidRequest(
            f"alternatives: {wanted.alternatives} asked for; the limit here is {settings.max_alternatives}."
        )
    return wanted, check_size(wanted.texts, settings, wanted.prefixes)


def _about(served: Served, request: Request) -> dict[str, Any]:
    seconds = round(time.monotonic() - request.state.started, 4)
    return {"model": served.engine.name, "device": served.engine.device, "seconds": seconds}


async def _written(answer: Callable[[], BaseModel], size: int) -> Response:
    """An answer as JSON; a long one is written on another thread, so that other requests do not wait for that."""

    def write() -> str:
        return answer().model_dump_json()

    content = write() if size <= _LONGEST_WRITTEN_AT_ONCE else await asyncio.to_thread(write)
    return Response(content, media_type="application/json")


class _EventStream(StreamingResponse):
    """Events of which the first is there already; nothing goes on behind them when the client has left."""

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
    request: Request, served: Served, wanted: TranslateRequest, deadline: Deadline
) -> AsyncGenerator[str]:
    """The events of a stream; an error after the first one is an event too."""
    has_begun = False
    translating = served.translating(wanted.texts, wanted.prefixes, wanted.kind, deadline, wanted.style)
    with served.used():
        try:
            async with (
                translating as (parts, arrivals),
                aclosing(_in_order(parts, arrivals)) as sentences,
            ):
                async for sentence in sentences:
                    has_begun = True
                    yield _event("sentence", sentence)
        except Exception as error:
            if not has_begun:
                raise
            if kind_of(error) is INTERNAL:
                log_failure(request, error)
            problem = bytes(problem_response(request, error).body).decode()
            yield f"event: error\ndata: {problem}\n\n"
        else:
            yield _event("done", StreamEnd(sentences=sum(map(len, parts)), **_about(served, request)))


async def _in_order(
    parts: list[list[SourceSentence]], arrivals: AsyncIterator[tuple[int, TranslatedWork]]
) -> AsyncGenerator[StreamedSentence]:
    """Every sentence as soon as it and all before it are finished."""
    places = [(text, number) for text, some in enumerate(parts) for number in range(len(some))]
    flat = [sentence for sentences in parts for sentence in sentences]
    waiting: dict[int, TranslatedWork] = {}
    sent, growth = 0, 0
    async for place, result in arrivals:
        waiting[place] = result
        while sent in waiting:
            source, found = flat[sent], waiting.pop(sent)
            text_index, sentence_index = places[sent]
            growth = growth if sentence_index else 0
            sentence = TranslatedSentence.of(source, found, source.span.start + growth)
            growth += len(sentence.text) - len(source.text)
            sent += 1
            yield StreamedSentence(
                text_index=text_index,
                sentence_index=sentence_index,
                done=sent,
                total=len(flat),
                **sentence.model_dump(),
            )


def _event(name: str, data: BaseModel) -> str:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n"
