"""`POST /translate`: requests, responses and limits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.batcher import QueueFull
from service.engine import TranslateKind
from tests.service.conftest import EchoEngine, state_of
from translator.search import Sampling, SearchOptions


def test_one_text(client: TestClient) -> None:
    answer = client.post("/translate", json={"text": "A red kite."})
    assert answer.status_code == 200
    body = answer.json()
    assert 0 <= body.pop("seconds") < 60
    assert body == {
        "translations": [
            {
                "text": "DE:A red kite.",
                "score": -0.25,
                "sentences": [
                    {
                        "source": "A red kite.",
                        "start": 0,
                        "end": 11,
                        "text": "DE:A red kite.",
                        "target_start": 0,
                        "target_end": 14,
                        "language": "en",
                        "score": -0.25,
                        "alternatives": [],
                        "flags": ["copied_source"],  # it is an echo
                        "rung": "first",
                        "checks": [],
                        "alignment": None,
                    }
                ],
            }
        ],
        "model": "echo-en-de",
        "device": "cpu",
    }


def test_a_list_keeps_its_order(client: TestClient) -> None:
    texts = ["zebra", "apple", "", "zebra", "mango\n"]
    assert translated(client, {"text": texts}) == ["DE:zebra", "DE:apple", "", "DE:zebra", "DE:mango\n"]


@pytest.mark.parametrize(("text", "expected"), [("", [""]), ([], []), ([""], [""])])
def test_nothing_in_nothing_out(client: TestClient, text: object, expected: list[str]) -> None:
    assert translated(client, {"text": text}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 family",
        "\u202eright to left",
        "e\u0301",
        "nul \x00 here",
        "\xa0",
        "<s>",
        "▁",
        "\ufffd",
        " \r\n\t ",
        "Z̸͖͝a",
    ],
)
def test_any_unicode_is_preserved(client: TestClient, text: str) -> None:
    assert translated(client, {"text": text}) == [f"DE:{text}"]


def test_alternatives(client: TestClient, echo: Any) -> None:
    answer = client.post("/translate", json={"text": "Hi", "alternatives": 2}).json()
    [sentence] = answer["translations"][0]["sentences"]
    assert sentence["alternatives"] == [{"text": "DE1:Hi", "score": -0.5}, {"text": "DE2:Hi", "score": -0.75}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, SearchOptions(beam_size=4, length_penalty=1.0, n_best=1)),
        ({"beam_size": 3.0}, SearchOptions(beam_size=3)),
        ({"beam_size": 1}, SearchOptions(beam_size=1, length_penalty=1.0, n_best=1)),
        ({"beam_size": 8, "length_penalty": 0.6}, SearchOptions(beam_size=8, length_penalty=0.6, n_best=1)),
        ({"length_penalty": 2}, SearchOptions(beam_size=4, length_penalty=2.0, n_best=1)),
        ({"alternatives": 3}, SearchOptions(beam_size=4, length_penalty=1.0, n_best=4)),
        ({"alternatives": 5}, SearchOptions(beam_size=6, length_penalty=1.0, n_best=6)),
        ({"alternatives": 2, "beam_size": 3}, SearchOptions(beam_size=3, length_penalty=1.0, n_best=3)),
        (
            {"min_length_factor": 0.5, "max_length_factor": 3, "no_repeat_ngram": 4},
            SearchOptions(min_length_factor=0.5, max_length_factor=3, no_repeat_ngram=4),
        ),
        ({"banned": ["Haus", "zu Hause"]}, SearchOptions(banned=("Haus", "zu Hause"))),
        ({"format": "text"}, SearchOptions()),
        ({"format": "xml"}, SearchOptions()),
        ({"sampling": None}, SearchOptions()),
        ({"sampling": {}}, SearchOptions(sampling=Sampling())),
        (
            {"sampling": {"temperature": 0.7, "top_k": 10, "top_p": 0.9, "seed": 3}},
            SearchOptions(sampling=Sampling(0.7, 10, 0.9, 3)),
        ),
    ],
)
def test_options_reach_the_translator(
    client: TestClient, echo: Any, given: dict[str, object], expected: SearchOptions
) -> None:
    assert client.post("/translate", json={"text": "Hi", **given}).status_code == 200
    assert echo.batches[-1] == (["Hi"], TranslateKind(expected))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"beam_size": 0}, "beam_size: must be a whole number from 1 to 8, or left out; it is 0."),
        ({"beam_size": 9}, "beam_size: must be a whole number from 1 to 8, or left out; it is 9."),
        ({"beam_size": 4.5}, "beam_size: must be a whole number from 1 to 8, or left out; it is 4.5."),
        ({"beam_size": "4"}, 'beam_size: must be a whole number from 1 to 8, or left out; it is "4".'),
        ({"beam_size": True}, "beam_size: must be a whole number from 1 to 8, or left out; it is true."),
        ({"beam_size": None}, "beam_size: must be a whole number from 1 to 8, or left out; it is null."),
        ({"beam_size": "many" * 20}, "beam_size: must be a whole number from 1 to 8, or left out."),
        ({"length_penalty": -0.1}, "length_penalty: must be a number from 0 to 5, or left out; it is -0.1."),
        ({"length_penalty": 5.1}, "length_penalty: must be a number from 0 to 5, or left out; it is 5.1."),
        ({"alternatives": 6}, "alternatives: must be a whole number from 0 to 5, or left out; it is 6."),
        ({"alternatives": -1}, "alternatives: must be a whole number from 0 to 5, or left out; it is -1."),
        ({"alternatives": 2, "beam_size": 2}, "beam_size is 2 and must be at least 3"),
        (
            {"max_length_factor": 0},
            "max_length_factor: must be a number from 0.1 to 4, or left out; it is 0.",
        ),
        (
            {"min_length_factor": 1.5, "max_length_factor": 1},
            "min_length_factor is 1.5; give 0 up to the max_length_factor, which is 1.0.",
        ),
        (
            {"no_repeat_ngram": -1},
            "no_repeat_ngram: must be a whole number from 0 to 20, or left out; it is -1.",
        ),
        (
            {"banned": "Haus"},
            'banned: must be a list of up to 20 words or phrases of 1 to 100 characters, or left out; it is "Haus".',
        ),
        (
            {"banned": [" "]},
            'banned: must be a list of up to 20 words or phrases of 1 to 100 characters, or left out; item 0 is " ".',
        ),
        ({"banned": ["a"] * 21}, "banned: must be a list of up to 20 words"),
        ({"banned": ["a" * 101]}, "100 characters, or left out; item 0 is wrong."),
        (
            {"sampling": 3},
            "sampling: must be an object with temperature, top_k, top_p, seed, or left out; it is 3.",
        ),
        (
            {"sampling": {"top_p": 0}},
            "sampling.top_p: must be a number from 0.01 to 1, or left out; it is 0.",
        ),
        (
            {"sampling": {"topp": 0.5}},
            "sampling.topp: is not supported. The fields of sampling are temperature, top_k,",
        ),
        ({"beams": 4}, "beams: is not supported. The fields are text, alternatives"),
        ({"format": "sgml"}, 'format: must be "text", "html" or "xml", or left out; it is "sgml"'),
        ({"format": 3}, 'format: must be "text", "html" or "xml", or left out; it is 3'),
        ({"alignment": "yes"}, 'alignment: must be true or false, or left out; it is "yes".'),
        ({"prefix": 7}, "prefix: must be a string or a list of strings."),
        ({"prefix": None}, "prefix: must be a string or a list of strings."),
        ({"prefix": ["Ein", 7]}, "prefix: item 1 of the list must be a string."),
        (
            {"prefix": ["Ein", "Der"]},
            'text has 1 texts and prefix 2; give one prefix for each text, or "" for none.',
        ),
        ({"prefix": "a" * 501}, "prefix: prefix 0 has 501 characters; the limit is 500."),
        ({"text": 7}, "text: must be a string or a list of strings."),
        ({"text": None}, "text: must be a string or a list of strings."),
        ({"text": {"en": "Hi"}}, "text: must be a string or a list of strings."),
        ({"text": ["Hi", 7, 8]}, "text: item 1 of the list must be a string."),
    ],
)
def test_options_out_of_range_are_refused_by_name(
    client: TestClient, echo: Any, given: dict[str, object], complaint: str
) -> None:
    answer = client.post("/translate", json={"text": "Hi", **given})
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert echo.decoded_together() == []


@pytest.mark.parametrize("body", ["[]", '["Hi"]', '"Hi"', "7", "null", "true"])
def test_a_body_that_is_not_an_object_gets_an_error_with_the_remedy(client: TestClient, body: str) -> None:
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        'The body is JSON but not an object. Send a JSON object, for example {"text": "…"}.'
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"text": "dog", "prefix": "Ein "}, ["DE:Ein dog"]),
        ({"text": ["dog"], "prefix": "Ein "}, ["DE:Ein dog"]),
        ({"text": "dog", "prefix": ""}, ["DE:dog"]),
        (
            {"text": ["dog", "cat", "dog"], "prefix": ["Ein ", "", "Der "]},
            ["DE:Ein dog", "DE:cat", "DE:Der dog"],
        ),
    ],
)
def test_a_translation_starts_with_its_prefix(client: TestClient, given: object, expected: list[str]) -> None:
    """With another prefix, the same sentence is another one for the queue and the cache."""
    plain = {"text": ["dog", "cat"]}, ["DE:dog", "DE:cat"]
    for request, translations in (plain, (given, expected), plain):
        answer = client.post("/translate", json=request).json()
        assert [one["text"] for one in answer["translations"]] == translations


def test_many_mistakes_are_counted_and_not_listed(client: TestClient) -> None:
    answer = client.post("/translate", json={"text": "Hi", **{f"field{number}": 1 for number in range(50)}})
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "There are 50 mistakes. The fields are text, alternatives, alignment, prefix, format, translate_attributes, "
        "glossary, glossary_id, numbers, formality, source_language, lines, beam_size, length_penalty, "
        "min_length_factor, max_length_factor, no_repeat_ngram, banned, sampling."
    )


@pytest.mark.parametrize(
    ("text", "status", "complaint"),
    [
        (["a"] * 4, 200, None),
        (["a"] * 5, 413, "5 texts; the limit is 4"),
        ("a" * 30, 200, None),
        ("a" * 31, 413, "31 characters; the limit is 30"),
        (["a" * 15, "a" * 16], 413, "31 characters; the limit is 30"),
        ("😀" * 30, 200, None),  # characters are code points, neither bytes nor UTF-16 units
    ],
)
def test_limits_on_texts_and_characters(
    make_client: Callable[..., TestClient], text: object, status: int, complaint: str | None
) -> None:
    answer = make_client(max_texts=4, max_characters=30).post("/translate", json={"text": text})
    assert answer.status_code == status
    assert complaint is None or complaint in answer.json()["detail"]


def test_prefixes_count_as_text(make_client: Callable[..., TestClient]) -> None:
    client = make_client(max_characters=30)
    assert client.post("/translate", json={"text": "a" * 25, "prefix": "a" * 5}).status_code == 200
    answer = client.post("/translate", json={"text": "a" * 25, "prefix": "a" * 6})
    assert (answer.status_code, "31 characters; the limit is 30" in answer.json()["detail"]) == (413, True)


def test_the_limit_on_alternatives(make_client: Callable[..., TestClient]) -> None:
    client = make_client(max_alternatives=1)
    assert client.post("/translate", json={"text": "Hi", "alternatives": 1}).status_code == 200
    answer = client.post("/translate", json={"text": "Hi", "alternatives": 2})
    assert answer.status_code == 422
    assert "alternatives is 2; the limit is 1" in answer.json()["detail"]


def test_requests_that_arrive_together_are_decoded_together(
    client: TestClient, echo: Any, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    echo.gate.clear()
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(translated, client, {"text": "first"})
        wait_until(lambda: len(echo.batches) == 2)
        waiting = state_of(client).manager.current_model().batcher._queue
        others = []
        for number in range(4):
            others.append(pool.submit(translated, client, {"text": f"text {number}"}))
            wait_until(lambda: len(waiting) == len(others))
        echo.gate.set()
        assert [other.result() for other in others] == [[f"DE:text {number}"] for number in range(4)]
        assert first.result() == ["DE:first"]
    assert echo.decoded_together() == [["first"], ["text 0", "text 1", "text 2", "text 3"]]


def test_64_clients_each_get_their_own_answers(
    make_app: Callable[..., FastAPI], serve: Callable[..., str], echo: Any
) -> None:
    async def one_client(client: httpx2.AsyncClient, number: int) -> None:
        for turn in range(5):
            texts = [f"client {number} turn {turn} text {index}" for index in range(number % 3 + 1)]
            answer = await client.post("/translate", json={"text": texts, "beam_size": number % 2 + 1})
            assert answer.status_code == 200
            assert [one["text"] for one in answer.json()["translations"]] == [f"DE:{text}" for text in texts]

    async def all_clients(address: str) -> None:
        limits = httpx2.Limits(max_connections=64)
        async with httpx2.AsyncClient(
            base_url=address, limits=limits, timeout=120, trust_env=False
        ) as client:
            await wait_for_readiness(client)
            await asyncio.gather(*(one_client(client, number) for number in range(64)))

    asyncio.run(all_clients(serve(make_app())))
    assert len(echo.decoded_together()) < 64 * 5  # some did share batches


async def wait_for_readiness(client: httpx2.AsyncClient) -> None:
    while (await client.get("/readyz")).status_code != 200:
        await asyncio.sleep(0.01)


@contextmanager
def one_waits(
    client: TestClient, echo: Any, wait_until: Callable[[Callable[[], bool]], None]
) -> Iterator[None]:
    """Inside this context, one sentence is being decoded and another one waits; both are answered at the end."""
    echo.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        busy = pool.submit(translated, client, {"text": "busy"})
        wait_until(lambda: len(echo.batches) == 2)
        waiting = pool.submit(translated, client, {"text": "waiting"})
        queue = state_of(client).manager.current_model().batcher._queue
        wait_until(lambda: len(queue) == 1)
        try:
            yield
        finally:
            echo.gate.set()
        assert (busy.result(), waiting.result()) == (["DE:busy"], ["DE:waiting"])


def test_a_full_queue_is_reported_with_when_to_try_again(
    make_client: Callable[..., TestClient], echo: Any, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    client = make_client(max_queued_tokens=10)
    with one_waits(client, echo, wait_until):
        answer = client.post("/translate", json={"text": "too much"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["type"] == "urn:translator:problem:queue-full"
    assert translated(client, {"text": "too much"}) == ["DE:too much"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/translate", {"text": "A."}),
        ("POST", "/translate/stream", {"text": "A."}),
        ("POST", "/score", {"source": "A.", "target": "B."}),
        ("POST", "/v2/translate", {"text": ["A."], "target_lang": "DE"}),
        ("POST", "/libretranslate/translate", {"q": "A.", "source": "en", "target": "de"}),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
        ("GET", "/model", None),
    ],
)
def test_no_request_waits_for_a_thread_of_the_framework(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    """Such a thread would compete with the decoding threads: under load, for a tenth of a second."""

    def refuse(call: object, *_: object, **__: object) -> None:
        pytest.fail(f"{call} runs on a thread")

    for module in ("fastapi.dependencies.utils", "fastapi.routing", "starlette.routing"):
        monkeypatch.setattr(f"{module}.run_in_threadpool", refuse)
    assert client.request(method, path, json=body).status_code == 200


@pytest.mark.parametrize("path", ["/translate", "/translate/stream", "/score"])
def test_no_body_is_read_if_the_queue_is_full(
    make_client: Callable[..., TestClient],
    echo: Any,
    wait_until: Callable[[Callable[[], bool]], None],
    path: str,
) -> None:
    client = make_client(max_queued_tokens=7)
    with one_waits(client, echo, wait_until):
        assert client.post(path, content=b"is not even JSON").status_code == 503
    assert client.post(path, content=b"is not even JSON").status_code == 415


@pytest.mark.parametrize("path", ["/translate", "/translate/stream", "/score"])
def test_a_body_of_another_type_is_refused_with_the_remedy(
    make_client: Callable[..., TestClient], path: str
) -> None:
    """`curl -d` declares a form."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = make_client().post(path, content=b'{"text": "Hi"}', headers=form)
    assert answer.status_code == 415
    detail = answer.json()["detail"]
    assert "application/x-www-form-urlencoded" in detail
    assert detail.endswith("Add the header Content-Type: application/json.")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/translate", {"text": "x" * 8000}),
        ("/translate/stream", {"text": ["x" * 4000] * 2}),
        ("/score", {"source": "x" * 4000, "target": "y" * 4000}),
    ],
)
def test_a_long_text_has_its_place_and_its_deadline_before_it_is_split(
    make_client: Callable[..., TestClient], echo: Any, path: str, body: dict[str, object]
) -> None:
    """8,000 characters are estimated as 2,000 tokens."""
    client = make_client(max_queued_tokens=3000)
    splitting, go_on = threading.Event(), threading.Event()

    def slowly(split: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        def wait_and_split(*given: Any) -> list[Any]:
            splitting.set()
            assert go_on.wait(20)
            return split(*given)

        return wait_and_split

    echo.sentences, echo.scoring_items = slowly(echo.sentences), slowly(echo.scoring_items)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, path, json=body, headers={"X-Deadline-Seconds": "0.5"})
        assert splitting.wait(20)
        second = client.post(path, json=body)
        assert (second.status_code, second.json()["type"]) == (503, "urn:translator:problem:queue-full")
        assert state_of(client).manager.current_model().batcher.waiting_tokens == 2000
        assert first.result().status_code == 504
        assert state_of(client).manager.current_model().batcher.waiting_tokens == 0
        go_on.set()
    assert client.post(path, json=body).status_code == 200


def test_a_request_that_ends_by_its_deadline_is_counted_once(client: TestClient, echo: Any) -> None:
    def late() -> float:
        registry = state_of(client).metrics.registry
        return registry.get_sample_value("translator_rejected_total", {"reason": "deadline_exceeded"})

    echo.gate.clear()
    for path in ("/translate", "/translate/stream", "/v2/translate"):
        before = late()
        body = {"text": ["one", "two"], **({"target_lang": "DE"} if path.startswith("/v2") else {})}
        client.post(path, json=body, headers={"X-Deadline-Seconds": "0.1"})
        assert late() == before + 1, path


def test_a_missed_deadline_is_reported(make_client: Callable[..., TestClient], echo: Any) -> None:
    client = make_client(deadline_seconds=0.05)
    echo.gate.clear()
    answer = client.post("/translate", json={"text": "slow"})
    assert answer.status_code == 504
    assert answer.json()["type"] == "urn:translator:problem:deadline-exceeded"


def test_the_work_of_a_client_that_left_is_not_decoded(
    make_app: Callable[..., FastAPI],
    serve: Callable[..., str],
    echo: Any,
    wait_until: Callable[[Callable[[], bool]], None],
) -> None:
    app = make_app()
    served = threading.Event()

    class WatchesTheLeaver:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)
            if (b"x-request-id", b"leaver") in scope.get("headers", ()):
                served.set()

    app.add_middleware(WatchesTheLeaver)
    address = serve(app)
    wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
    echo.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(
            httpx2.post, f"{address}/translate", json={"text": "busy"}, trust_env=False, timeout=30
        )
        wait_until(lambda: len(echo.batches) == 2)
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(
                f"{address}/translate",
                json={"text": "nobody waits"},
                headers={"X-Request-ID": "leaver"},
                timeout=httpx2.Timeout(10, read=0.1),
                trust_env=False,
            )
        assert served.wait(20)
        echo.gate.set()
        assert busy.result().status_code == 200
    assert httpx2.post(f"{address}/translate", json={"text": "after"}, trust_env=False).status_code == 200
    assert echo.decoded_together() == [["busy"], ["after"]]


def translated(client: TestClient, body: dict[str, object]) -> list[str]:
    answer = client.post("/translate", json=body)
    assert answer.status_code == 200, answer.text
    return [translation["text"] for translation in answer.json()["translations"]]


def test_a_text_is_not_split_if_the_queue_has_filled_meanwhile(
    client: TestClient, echo: EchoEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher, asked = state_of(client).manager.current_model().batcher, list[object]()

    def check_admission(kind: object = None) -> None:
        asked.append(kind)
        if len(asked) == 2:  # the first time is before the body is read
            raise QueueFull("Too much waits.", 3)

    monkeypatch.setattr(batcher, "check_admission", check_admission)
    monkeypatch.setattr(echo, "sentences", lambda *_: pytest.fail("the text was split"))
    answer = client.post("/translate", json={"text": "Two owls", "beam_size": 2})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert asked == [TranslateKind(), TranslateKind(SearchOptions(beam_size=2))]
