"""Cases 19 and 20: unusual characters, and texts without sentence ends."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from tests.hard.process import ServiceProcess
from translator.data.tokenizer import SentencePieceTokenizer
from translator.translate import shipped_model
from translator.translate.sources import MAX_PIECE_TOKENS

Record = Callable[..., None]
pytestmark = pytest.mark.hard
SHIPPED_LIMIT = 131_072  # characters of a request

ODD = {
    "emoji joined by ZWJ": "The family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 is here.",
    "right-to-left override": "The file \u202egpj.exe\u202c is safe.",
    "zalgo": "Th" + "e" + "\u0301\u0316\u0334\u0489" * 500 + " house is old.",
    "NFD": "Bu\u0308cher and cafe\u0301s are open.",
    "NUL": "The house\x00 is old.",
    "NBSP": "The\u00a0house\u00a0is\u00a0old.",
    "the name of a control token": "<s> The house </s> is <unk> old <pad> <reserved_3>. <bos><eos>",
    "SentencePiece's word mark": "\u2581The\u2581house \u2581is old.",
    "U+FFFD": "The \ufffd house is old.",
    "noncharacters": "The \ufffe house \uffff is \U0010ffff old.",
    "private use": "The \U0010fffd house \ue000 is old.",
    "other line ends": "The house\u2028is old.\u2029It\x85stands.\x0bStill.\x0c",
    "invisible": "T\u200bh\u200ce\u2060 h\ufeffo\u00aduse is old.",
}


@pytest.fixture(scope="module")
def tokenizer() -> SentencePieceTokenizer:
    return SentencePieceTokenizer.load(shipped_model() / "tokenizer.model")


@pytest.mark.parametrize("what", ODD)
def test_unusual_characters(
    service: ServiceProcess, tokenizer: SentencePieceTokenizer, record_case: Record, what: str
) -> None:
    is_text = min(tokenizer.encode(ODD[what])) >= tokenizer.first_byte_id
    prose = "The old house stands at the end of the street, and nobody has lived in it for years. " * 9
    limit = 5 * max(1.0, seconds_for(service, prose[: len(ODD[what])])[1])
    status, seconds = seconds_for(service, ODD[what])
    record_case(
        19,
        what,
        f"{status} after {seconds:.2f} s" + ("" if is_text else ", a control token"),
        f"200, < {limit:.0f} s, no control token",
        status == 200 and seconds < limit and is_text,
    )


def seconds_for(service: ServiceProcess, text: str) -> tuple[int, float]:
    with service.client() as client:
        started = time.monotonic()
        answer = client.post("/translate", json={"text": text})
        return answer.status_code, time.monotonic() - started


WORDS = """the a old new little house owl river window garden teacher letter table morning street of in under with
and near sees opens finds writes likes forgets has slowly often never red green cold warm"""


def prose(characters: int) -> str:
    """Plain sentences, all different."""
    draw = random.Random(20)
    text = ""
    while len(text) < characters:
        text += " ".join(draw.choices(WORDS.split(), k=draw.randint(6, 18))).capitalize() + ". "
    return text[: characters - 1] + "."


def letters(alphabet: str, characters: int) -> str:
    return "".join(random.Random(20).choices(alphabet, k=characters))


WITHOUT_SENTENCE_ENDS: dict[str, Callable[[int], str]] = {
    "one letter, without spaces": lambda characters: "a" * characters,
    "letters without spaces": lambda characters: letters("abcdefghijklmnopqrstuvwxyz", characters),
    "prose without its spaces": lambda characters: prose(2 * characters).replace(" ", "")[:characters],
    "Chinese": lambda characters: letters("的一是不了人我在有他", characters),
    "only dots": lambda characters: "." * characters,
    "only spaces": lambda characters: " " * characters,
    "only brackets": lambda characters: ("([{<" * characters)[:characters],
    "only line ends": lambda characters: "\n" * characters,
    "nested quotation marks": lambda characters: ("\"'" * characters)[:characters],
    "emoji": lambda characters: "\U0001f600" * characters,
    "combining marks": lambda characters: "e".ljust(characters, "\u0301"),
    "braces after a word": lambda characters: "Crow ".ljust(characters, "{"),
    "an unfinished format": lambda characters: "Crow %".ljust(characters, "0"),
    "hyphens": lambda characters: ("a-" * characters)[:characters],
    "digits": lambda characters: letters("0123456789", characters),
}

# Pieces of maximum length and sentences of minimum length take longer than prose.
HEAVY: dict[str, Callable[[int], str]] = {
    "words without a full stop": lambda characters: prose(characters).replace(".", "").lower(),
    "a full stop after each letter": lambda characters: ("a. b! c? " * characters)[:characters],
}


@pytest.fixture(scope="module")
def characters(is_full_size: bool) -> int:
    return SHIPPED_LIMIT if is_full_size else 2_000


@pytest.fixture(scope="module")
def prose_seconds(service: ServiceProcess, characters: int) -> float:
    status, seconds = seconds_for(service, prose(characters))
    assert status == 200
    return seconds


@pytest.mark.parametrize("what", WITHOUT_SENTENCE_ENDS | HEAVY)
def test_texts_without_sentence_ends(
    service: ServiceProcess,
    characters: int,
    prose_seconds: float,
    is_full_size: bool,
    record_case: Record,
    what: str,
) -> None:
    factor = (2 if what in WITHOUT_SENTENCE_ENDS else 5) * (1 if is_full_size else 2)  # short times vary more
    text = (WITHOUT_SENTENCE_ENDS | HEAVY)[what](characters)
    status, seconds = seconds_for(service, text)
    ratio = seconds / prose_seconds
    record_case(
        20,
        f"{characters} characters, {what}",
        f"{status}, {ratio:.2f} of prose ({prose_seconds:.1f} s)",
        f"≤ {factor}, or 413/422",
        status in (413, 422) or (status == 200 and ratio <= factor),
    )


def test_a_megabyte(service: ServiceProcess, record_case: Record) -> None:
    for what, make in (WITHOUT_SENTENCE_ENDS | HEAVY).items():
        status, seconds = seconds_for(service, make(1_000_000))
        record_case(
            20, f"1,000,000 characters, {what}", f"{status} after {seconds:.2f} s", "413", status == 413
        )


def test_the_limit_on_characters(service: ServiceProcess, record_case: Record) -> None:
    for characters, expected in ((SHIPPED_LIMIT - 1, 200), (SHIPPED_LIMIT, 200), (SHIPPED_LIMIT + 1, 413)):
        status, _ = seconds_for(service, "." * characters)
        record_case(20, f"{characters} dots", str(status), str(expected), status == expected)


def test_the_limit_on_tokens_of_a_sentence(
    service: ServiceProcess, tokenizer: SentencePieceTokenizer, record_case: Record
) -> None:
    longest = MAX_PIECE_TOKENS - 1  # without the end token
    for tokens in (longest - 1, longest, longest + 1):
        text = sentence_of(tokens, tokenizer)
        with service.client() as client:
            answer = client.post("/translate", json={"text": text, "beam_size": 1, "formality": "auto"})
        pieces = [sentence["source"] for sentence in answer.json()["translations"][0]["sentences"]]
        is_whole = "".join(pieces).replace(" ", "") == text.replace(" ", "")
        record_case(
            20,
            f"a sentence of {tokens} tokens",
            f"{answer.status_code}, pieces: {len(pieces)}" + ("" if is_whole else ", text lost"),
            "200, one piece up to the limit, nothing lost",
            answer.status_code == 200 and is_whole and (len(pieces) == 1) == (tokens <= longest),
        )


def sentence_of(tokens: int, tokenizer: SentencePieceTokenizer) -> str:
    words = ["The house"]
    while len(tokenizer.encode(" ".join(words))) < tokens:
        words.append("is" if len(words) % 2 else "old")
    text = " ".join(words)
    assert len(tokenizer.encode(text)) == tokens
    return text
