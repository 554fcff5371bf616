"""The translation page and the API documentation, in a real browser."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import docx
import pytest
from fastapi import FastAPI

from service.batcher import WorkItem
from service.engine import EngineResult, TranslateKind, TranslationResult
from tests.browser import needs_browser, running_browser
from translator.errors import InputError
from translator.search.feed import Feed
from translator.text import Span, split_sentences
from translator.text.protected import find_protected
from translator.translate import DEFAULT_STYLE, Hypothesis, SourceSentence, Style
from translator.translate.alignment import Link
from translator.translate.answers import check_of

playwright_api = pytest.importorskip("playwright.sync_api")
pytestmark = [needs_browser, pytest.mark.slow]

expect = playwright_api.expect
ANY_NUMBER = 10**9
PATIENCE_SECONDS = 20  # only a failing test waits this long
expect.set_options(timeout=1000 * PATIENCE_SECONDS)

GERMAN = {"An": "Eine", "owl": "Eule", "sleeps": "schläft", "Two": "Zwei", "owls": "Eulen", "One": "Eine"}
GERMAN |= {"barn": "Scheune", "tide": "Gezeit", "Low": "Niedrige", "High": "Hohe", "wakes": "erwacht"}
YOU = {"formal": "Sie", "informal": "du", "auto": "ihr"}


class WordForWord:
    """Translates the words in `GERMAN` and "you", and copies others; further hypotheses end in "(1)", "(2)" …

    Sentences in `errors` fail. Those in `held` wait for their event, or until they are cancelled. Those in
    `slips` are translated as given there, and checked.
    """

    name = "word-for-word"
    device = "cpu"
    precision = "fp32"
    protection = "pieces"
    workers = 1
    batch_tokens = 4096
    card: ClassVar = {"corpora": ["none"]}

    def __init__(self) -> None:
        self.errors: dict[str, BaseException] = {}
        self.held: dict[str, threading.Event] = {}
        self.slips: dict[str, str] = {}
        self.entered: list[str] = []

    def hold(self, sentence: str) -> threading.Event:
        """Make the sentence wait until the event is set."""
        return self.held.setdefault(sentence, threading.Event())

    def sentences(self, text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        return [self._sentence(text[span.start : span.end], span, style) for span in split_sentences(text)]

    def _sentence(self, text: str, span: Span, style: Style) -> SourceSentence:
        spans = find_protected(text) if text in self.slips else []
        moved = (replace(one, start=span.start + one.start, end=span.start + one.end) for one in spans)
        return SourceSentence(text, span, tuple(map(ord, text)), False, protected=tuple(moved), style=style)

    def scoring_items(self, pairs: Sequence[tuple[str, str]]) -> list[WorkItem]:
        raise AssertionError("the page scores nothing")

    def rows(self, kind: Hashable) -> int:
        return 1

    def process(self, kind: Hashable, feed: Feed[Any, EngineResult]) -> None:
        assert isinstance(kind, TranslateKind)
        taken = feed(ANY_NUMBER)
        self.entered += [one.item.text for one in taken]
        for one in taken:
            self._wait(one.item.text, one.is_wanted)
            if one.item.text in self.errors:
                raise self.errors[one.item.text]
            if one.is_wanted():
                one.finish(self._translate(one.item, kind))

    def _translate(self, item: SourceSentence, kind: TranslateKind) -> TranslationResult:
        if item.text not in self.slips:
            return translate_words(item.text, GERMAN | {"you": YOU[item.style.formality]}, kind)
        german = self.slips[item.text]
        best = Hypothesis(german, -1.0, checks=check_of(item, german))
        further = [Hypothesis(f"Anders ({rank})", -1.0 - rank) for rank in range(1, kind.options.n_best)]
        return TranslationResult((best, *further), () if kind.align else None)

    def _wait(self, sentence: str, is_wanted: Callable[[], bool]) -> None:
        gate = self.held.get(sentence)
        while gate and not gate.wait(0.01) and is_wanted():
            pass


def translate_words(sentence: str, words: dict[str, str], kind: TranslateKind) -> TranslationResult:
    german, end = "", 0
    links = []
    for word in re.finditer(r"\w+", sentence):
        german += sentence[end : word.start()]
        start, end = len(german), word.end()
        german += words.get(word[0], word[0])
        links.append(Link(word.span(), (start, len(german)), 1.0))
    german += sentence[end:]
    further = [Hypothesis(f"{german} ({rank})", -1.0 - rank) for rank in range(1, kind.options.n_best)]
    return TranslationResult((Hypothesis(german, -1.0), *further), tuple(links) if kind.align else None)


@pytest.fixture
def echo() -> Iterator[WordForWord]:
    """Replaces the echo that the other tests serve."""
    engine = WordForWord()
    yield engine
    for gate in engine.held.values():
        gate.set()


@pytest.fixture(name="engine")
def engine_fixture(echo: WordForWord) -> WordForWord:
    return echo


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def open_page(
    browser: Any, make_app: Callable[..., FastAPI], serve: Callable[[FastAPI], str]
) -> Iterator[Callable[..., Any]]:
    """Serve the engine with the given settings and open its page; no request may go to another host."""
    contexts, foreign, troubles = [], [], []

    def open_it(
        path: str = "/",
        viewport: tuple[int, int] = (1200, 800),
        locale: str = "en-GB",
        color_scheme: str = "light",
        **settings: object,
    ) -> Any:
        address = serve(make_app(**settings))
        context = browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]}, locale=locale, color_scheme=color_scheme
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: None if is_local(request.url, address) else foreign.append(request.url)
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if is_trouble(message) else None)
        page.goto(address + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert foreign == []
    assert troubles == []  # neither script errors nor violations of the Content-Security-Policy


def is_local(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:", f"blob:{address}/"))


def is_trouble(message: Any) -> bool:
    # The browser logs every response with an error status, and some tests are about those.
    return message.type in ("error", "warning") and not message.text.startswith("Failed to load resource")


@pytest.fixture
def ready_page(open_page: Callable[..., Any]) -> Any:
    page = open_page()
    expect(page.locator("#status")).to_have_text("word-for-word on cpu")
    return page


def write(page: Any, text: str) -> None:
    page.locator("#source").fill(text)


def translate(page: Any, text: str, translation: str) -> None:
    write(page, text)
    expect_translation(page, translation)
    # The stream ends a moment after its last words are shown, and only then is it an entry of the history.
    expect(page.locator("#translation")).not_to_have_attribute("aria-busy", "true")


def expect_translation(page: Any, translation: str) -> None:
    expect(page.locator("#translation")).to_have_text(translation, use_inner_text=True)
    expect(page.locator("#translation")).not_to_have_class(re.compile("old"))


def requests_for_translations(page: Any) -> list[str]:
    """The texts sent from now on."""
    texts: list[str] = []
    page.on(
        "request",
        lambda request: (
            texts.append(request.post_data_json["text"])
            if request.url.endswith("/translate/stream")
            else None
        ),
    )
    return texts


# --- typing


def test_typing_translates_without_a_click(ready_page: Any) -> None:
    sent = requests_for_translations(ready_page)
    ready_page.keyboard.type("An owl sleeps.")  # the text has the focus from the start
    expect_translation(ready_page, "Eine Eule schläft.")
    expect(ready_page.locator("#timing")).to_have_text(re.compile(r"^[\d.]+ s$"))
    assert sent == ["An owl sleeps."]  # not for every letter


def test_paragraphs_and_outer_whitespace_are_kept(ready_page: Any) -> None:
    page = ready_page
    write(page, "\n  Two owls. One barn.\n\nAn owl wakes.\n")
    expect(page.locator(".sentence")).to_have_count(3)
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n  Zwei Eulen. Eine Scheune.\n\nEine Eule erwacht.\n"


def test_a_newer_text_cancels_the_older_request(
    ready_page: Any, engine: WordForWord, wait_until: Any
) -> None:
    page = ready_page
    cancelled: list[str] = []
    page.on("requestfailed", lambda request: cancelled.append(request.post_data_json["text"]))
    engine.hold("Low tide")
    write(page, "Low tide")
    wait_until_in(page, lambda: "Low tide" in engine.entered)
    write(page, "High tide")  # the old request was cancelled, so it does not delay this one
    expect_translation(page, "Hohe Gezeit")
    assert cancelled == ["Low tide"]


def test_a_text_that_has_not_changed_is_not_sent_again(ready_page: Any) -> None:
    page = ready_page
    sent = requests_for_translations(page)
    translate(page, "Low tide", "Niedrige Gezeit")
    write(page, "Low tide ")
    write(page, "Low tid")
    write(page, "Low tide")
    page.locator("#source").press("Control+Enter")
    translate(page, "High tide", "Hohe Gezeit")
    assert sent == ["Low tide", "High tide"]


def test_ctrl_enter_does_not_wait(ready_page: Any) -> None:
    page = ready_page
    page.clock.install()  # time stands still: no pause ever ends
    write(page, "Two owls")
    page.locator("#source").press("Control+Enter")
    expect_translation(page, "Zwei Eulen")


def test_long_texts_arrive_sentence_by_sentence(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    gates = [engine.hold(sentence) for sentence in ("One barn.", "An owl wakes.")]
    write(page, "Two owls. One barn. An owl wakes.")
    expect(page.locator("#translation")).to_have_text("Zwei Eulen.")
    expect(page.locator("#progress")).to_have_js_property("value", 1 / 3)
    expect(page.locator("#translation")).to_have_attribute("aria-busy", "true")
    gates[0].set()
    expect(page.locator("#translation")).to_have_text("Zwei Eulen. Eine Scheune.")
    gates[1].set()
    expect_translation(page, "Zwei Eulen. Eine Scheune. Eine Eule erwacht.")
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.locator("#translation")).to_have_attribute("aria-busy", "false")


def test_the_old_translation_fades_until_the_new_one_starts(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    translation = page.locator("#translation")
    translate(page, "Low tide", "Niedrige Gezeit")
    gate = engine.hold("High tide")
    write(page, "High tide")
    expect(translation).to_have_class(re.compile("old"))
    expect(translation).to_have_text("Niedrige Gezeit")
    gate.set()
    expect_translation(page, "Hohe Gezeit")


def test_going_back_to_the_translated_text_needs_no_request(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    translate(page, "Low tide", "Niedrige Gezeit")
    engine.hold("High tide")
    write(page, "High tide")
    wait_until_in(page, lambda: "High tide" in engine.entered)
    expect(page.locator("#translation")).to_have_class(re.compile("old"))
    write(page, "Low tide")
    expect_translation(page, "Niedrige Gezeit")


def test_markup_in_a_text_stays_text(ready_page: Any) -> None:
    markup = "<b>bold</b><img src=x onerror=alert(1)>"
    translate(ready_page, markup, markup)


def test_a_long_text_needs_only_one_element_per_sentence(
    open_page: Callable[..., Any],
) -> None:
    page = open_page()
    text = ("An owl sleeps in one barn. " * 60 + "\n").ljust(1625) * 30 + "An owl wakes."
    write(page, text)
    expect(page.locator("#count")).to_have_text("48,763 / 131,072")
    expect(page.locator(".sentence")).to_have_count(1801, timeout=60_000)
    expect(page.locator("#progress")).to_be_hidden()
    assert page.locator("#translation *").count() == 1802
    page.locator(".sentence").last.hover()
    assert highlights(page, "sentence") == ["An owl wakes.", "Eine Eule erwacht."]


def wait_until_in(page: Any, condition: Callable[[], bool]) -> None:
    """Wait for something outside the page, while the page keeps running."""
    for _ in range(PATIENCE_SECONDS * 50):
        if condition():
            return
        page.wait_for_timeout(20)
    pytest.fail("waited in vain")


# --- limits and files


def test_characters_are_counted_against_the_server_s_limit(open_page: Callable[..., Any]) -> None:
    page = open_page(max_characters=1200)
    expect(page.locator("#count")).to_have_text("0 / 1,200")
    write(page, "Owl 🦉")
    expect(page.locator("#count")).to_have_text("5 / 1,200")  # the owl counts as one, as on the server
    sent = requests_for_translations(page)
    write(page, "x" * 1201)
    expect(page.locator("#count")).to_have_text("1,201 / 1,200")
    expect(page.get_by_role("alert")).to_contain_text("1 character over the limit of 1,200. Shorten it")
    expect(page.locator("#source")).to_have_attribute("aria-invalid", "true")
    write(page, "x" * 1200)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect_translation(page, "x" * 1200)
    assert sent == ["x" * 1200]


def test_a_file_is_chosen_and_its_translation_saved(ready_page: Any) -> None:
    page = ready_page
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open file").click()
    chooser.value.set_files(
        {"name": "owls.md", "mimeType": "text/markdown", "buffer": b"\xef\xbb\xbfTwo owls\r\n"}
    )
    expect(page.locator("#source")).to_have_value("Two owls\n")
    expect_translation(page, "Zwei Eulen")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "owls.de.md"
    assert Path(download.value.path()).read_bytes() == b"Zwei Eulen\r\n"


@pytest.mark.parametrize(
    ("name", "content", "saved_name", "saved"),
    [
        ("two.owls.txt", b"Two owls\n", "two.owls.de.txt", b"Zwei Eulen\n"),
        ("OWLS.TXT", b"Two owls\r\nTwo owls\r\n", "OWLS.de.TXT", b"Zwei Eulen\r\nZwei Eulen\r\n"),
        ("owls.md", b"Two owls\rTwo owls", "owls.de.md", b"Zwei Eulen\rZwei Eulen"),
        ("owls.md", b"Two owls", "owls.de.md", b"Zwei Eulen"),
    ],
)
def test_a_saved_translation_has_the_name_and_the_line_endings_of_its_file(
    ready_page: Any, name: str, content: bytes, saved_name: str, saved: bytes
) -> None:
    page = ready_page
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    expect_translation(page, saved.decode().replace("\r\n", "\n").replace("\r", "\n"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == saved_name
    assert Path(download.value.path()).read_bytes() == saved
    translate(page, "", "")
    translate(page, "Two owls\nTwo owls", "Zwei Eulen\nZwei Eulen")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "translation.de.txt"
    assert Path(download.value.path()).read_bytes() == b"Zwei Eulen\nZwei Eulen"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("owls.txt", [72, 105], None),
        ("owls.txt", [0xE4, 0x20], "owls.txt is not UTF-8 text"),
        ("owls.txt", [72] * 41, "over the limit of 10 characters"),
    ],
)
def test_a_file_is_dropped(
    open_page: Callable[..., Any], name: str, content: list[int], told: str | None
) -> None:
    page = open_page(max_characters=10)
    expect(page.locator("#status")).to_have_attribute("data-state", "ready")
    page.evaluate(
        """([name, content]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(content)], name));
            const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            document.getElementById("translation").dispatchEvent(drop);
        }""",
        [name, content],
    )
    if told is None:
        expect_translation(page, "Hi")
    else:
        expect(page.get_by_role("alert")).to_contain_text(told)
        expect(page.locator("#source")).to_have_value("")


def letter(*texts: str) -> bytes:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def choose(page: Any, name: str, content: bytes) -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "application/x", "buffer": content})


def test_a_document_is_translated_and_saved(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    write(page, "Two owls")
    gate = engine.hold("An owl sleeps")
    choose(page, "owls.docx", letter("Two owls", "An owl sleeps"))
    expect(page.locator("#document-name")).to_have_text("owls.docx")
    expect(page.locator("#document-state")).to_contain_text("Translating; about")
    expect(page.locator("#document-progress")).to_be_visible()
    expect(page.locator("#document-save")).to_be_hidden()
    gate.set()
    expect(page.locator("#document-state")).to_contain_text("Translated as owls.de.docx")
    expect(page.locator("#document-progress")).to_be_hidden()
    expect(page.locator("#document-save")).to_be_focused()
    for _ in range(2):  # the page has it, though the server has deleted it
        with page.expect_download() as download:
            page.get_by_role("link", name="Save translation").click()
        assert download.value.suggested_filename == "owls.de.docx"
    written = docx.Document(download.value.path()).paragraphs
    assert [paragraph.text for paragraph in written] == ["Zwei Eulen", "Eine Eule schläft"]
    expect(page.locator("#source")).to_have_value("Two owls")  # the text stays
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#document")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("owls.pdf", b"%PDF", "a PDF has no paragraphs"),
        ("owls.docx", b"Hello", "the file is no Word file"),
        ("owls.json", b'["It fails"]', "The document could not be translated"),
    ],
)
def test_a_document_that_cannot_be_translated_is_explained(
    ready_page: Any, engine: WordForWord, name: str, content: bytes, told: str
) -> None:
    engine.errors["It fails"] = RuntimeError("secret")
    choose(ready_page, name, content)
    expect(ready_page.locator("#document-state")).to_contain_text(told)
    expect(ready_page.locator("#document-progress")).to_be_hidden()
    choose(ready_page, "owls.json", b'["Two owls"]')
    expect(ready_page.locator("#document-state")).to_contain_text("Translated as owls.de.json")


def test_a_document_needs_the_key(open_page: Callable[..., Any]) -> None:
    page = open_page(api_keys=f"web:{sha256(b'a-key-of-the-tests').hexdigest()}")
    choose(page, "owls.json", b'["Two owls"]')
    expect(page.get_by_role("alert")).to_contain_text("This server needs an API key")
    page.locator("#key").fill("a-key-of-the-tests")
    page.get_by_role("button", name="Use this key").click()
    choose(page, "owls.json", b'["Two owls"]')
    expect(page.locator("#document-state")).to_contain_text("Translated as owls.de.json")


# --- errors


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("This text cannot be: shorten it."), "This text cannot be: shorten it."),
        (RuntimeError("secret"), "The server failed. Try again"),
        (
            SystemExit(),
            "The server cannot translate right now. Your text is still here. Trying again in",
        ),
    ],
)
def test_errors_of_the_server_are_shown_inline(
    ready_page: Any, engine: WordForWord, error: BaseException, told: str
) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    engine.errors["It fails"] = error
    write(page, "It fails")
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.locator("#source")).to_have_value("It fails")
    engine.errors.clear()
    write(page, "One barn")
    expect_translation(page, "Eine Scheune")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_error_after_the_first_sentence_is_shown_inline(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    engine.errors["One barn."] = RuntimeError("secret")
    gate = engine.hold("One barn.")
    write(page, "Two owls. One barn.")
    expect(page.locator("#translation")).to_have_text("Zwei Eulen.")
    gate.set()
    expect(page.get_by_role("alert")).to_contain_text("The server failed. Try again")
    expect(page.locator("#translation")).to_have_text("Zwei Eulen.")
    engine.errors.clear()
    page.get_by_role("button", name="Try again now").click()
    expect_translation(page, "Zwei Eulen. Eine Scheune.")


def test_a_busy_server_is_retried_when_it_says(ready_page: Any) -> None:
    page = ready_page
    problem = {"type": "urn:translator:problem:queue-full", "status": 503, "detail": "Full."}
    answers = [{"status": 503, "headers": {"Retry-After": "1"}, "json": problem}]
    page.route(
        "**/translate/stream",
        lambda route: route.fulfill(**answers.pop()) if answers else route.continue_(),
    )
    write(page, "Two owls")
    expect(page.get_by_role("alert")).to_have_text(
        "The server is busy. Your text is still here. Trying again in 1 s."
    )
    expect_translation(page, "Zwei Eulen")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_slow_translation_is_reported(open_page: Callable[..., Any], engine: WordForWord) -> None:
    page = open_page(deadline_seconds=0.5)
    engine.hold("Slow")
    write(page, "Slow")
    expect(page.get_by_role("alert")).to_contain_text("took too long")
    expect(page.get_by_role("button", name="Try again now")).to_be_visible()


def test_a_server_that_was_gone_is_back(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    page.context.set_offline(True)
    write(page, "One barn")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached. Your text is still here")
    expect(page.locator("#status")).to_have_text("No connection")
    page.context.set_offline(False)
    expect_translation(page, "Eine Scheune")  # without a click
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#status")).to_have_text("word-for-word on cpu")


def test_a_stream_that_breaks_off_is_retried(ready_page: Any) -> None:
    page = ready_page
    answers = [{"status": 200, "content_type": "text/event-stream", "body": "event: sen"}]
    page.route(
        "**/translate/stream",
        lambda route: route.fulfill(**answers.pop()) if answers else route.continue_(),
    )
    write(page, "Two owls")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    expect_translation(page, "Zwei Eulen")


def test_an_answer_from_a_proxy_is_shown_inline(ready_page: Any) -> None:
    page = ready_page
    page.route("**/translate/stream", lambda route: route.fulfill(status=500, body="<h1>Oh no</h1>"))
    write(page, "Hello")
    expect(page.get_by_role("alert")).to_have_text(
        "The server failed. Try again; if it keeps failing, tell its operator."
    )


def test_while_the_model_loads_the_page_says_so_and_then_continues(
    open_page: Callable[..., Any], engine: WordForWord
) -> None:
    gates = [engine.hold(sentence.text) for sentence in engine.sentences("The model is warmed up.")]
    engine.sentences, split = lambda *_: split("The model is warmed up."), engine.sentences
    page = open_page()
    expect(page.locator("#status")).to_contain_text("The model is being loaded")
    write(page, "Two owls")
    engine.sentences = split
    for gate in gates:
        gate.set()
    expect(page.locator("#status")).to_have_text("word-for-word on cpu")
    expect_translation(page, "Zwei Eulen")


def test_a_key_is_requested_if_one_is_needed(open_page: Callable[..., Any]) -> None:
    page = open_page(api_keys=f"page:{sha256(b'open-sesame').hexdigest()}")
    write(page, "Two owls")
    expect(page.get_by_role("alert")).to_contain_text("This server needs an API key")
    page.get_by_label("API key").fill("sesame")
    page.get_by_label("API key").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The server does not know this API key")
    page.get_by_label("API key").fill("open-sesame")
    page.get_by_role("button", name="Use this key").click()
    expect_translation(page, "Zwei Eulen")
    expect(page.get_by_label("API key")).to_be_hidden()
    assert "open-sesame" not in page.content()
    assert '-H "Authorization: Bearer $API_KEY"' in command(page)
    assert page.evaluate("Object.keys(localStorage)") == ["translator.history"]
    page.reload()
    translate(page, "One barn", "Eine Scheune")  # kept until the tab is closed


# --- words


def highlights(page: Any, name: str) -> list[str]:
    """The highlighted texts on both sides."""
    return page.evaluate("name => [...(CSS.highlights.get(name) ?? [])].map(String)", name)


def point_at(page: Any, word: str) -> None:
    """Move the mouse to a word of the translation."""
    box = page.evaluate(
        """word => {
            const walker = document.createTreeWalker(document.getElementById("translation"), NodeFilter.SHOW_TEXT);
            while (!walker.nextNode().data.includes(word));
            const range = new Range();
            const start = walker.currentNode.data.indexOf(word);
            range.setStart(walker.currentNode, start);
            range.setEnd(walker.currentNode, start + word.length);
            return range.getBoundingClientRect();
        }""",
        word,
    )
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_pointing_at_a_word_shows_its_counterpart(ready_page: Any) -> None:
    page = ready_page
    translate(page, "🦉 Two owls.\n🦉 𝐴 barn sleeps.", "🦉 Zwei Eulen.\n🦉 𝐴 Scheune schläft.")
    point_at(page, "schläft")
    assert highlights(page, "word") == ["sleeps", "schläft"]
    expect(page.locator("#hint")).to_have_text("sleeps → schläft")
    point_at(page, "Scheune")
    assert highlights(page, "word") == ["barn", "Scheune"]
    page.mouse.move(1, 1)
    assert highlights(page, "word") == []
    expect(page.locator("#hint")).to_contain_text("Point at a word")


def test_pointing_at_a_word_of_the_source_shows_its_counterpart(ready_page: Any) -> None:
    page = ready_page
    translate(page, "An owl sleeps. Two owls.", "Eine Eule schläft. Zwei Eulen.")
    point_at(page, "Eine")
    # The highlight behind the textarea is where its word is: pointing there finds the word again.
    box = page.evaluate("[...CSS.highlights.get('word')][0].getBoundingClientRect()")
    page.mouse.move(1, 1)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert highlights(page, "word") == ["An", "Eine"]


def test_the_hint_about_a_word_never_moves_the_text(ready_page: Any) -> None:
    page = ready_page
    text = "An owl. " + "Unbreakable" * 40
    translate(page, text, text.replace("An owl", "Eine Eule"))
    before = page.locator("#translation").bounding_box()
    page.locator(".sentence").last.hover()
    expect(page.locator("#hint")).to_contain_text("Unbreakable")
    assert page.locator("#translation").bounding_box() == before


def test_arrow_keys_move_between_words_and_sentences(ready_page: Any) -> None:
    page = ready_page
    translate(page, "An owl sleeps. Two owls.", "Eine Eule schläft. Zwei Eulen.")
    sentences = page.locator(".sentence")
    for name in ("#copy", "#download"):
        page.keyboard.press("Tab")
        expect(page.locator(name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(sentences.first).to_be_focused()
    assert highlights(page, "sentence") == ["An owl sleeps.", "Eine Eule schläft."]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert highlights(page, "word") == ["owl", "Eule"]
    expect(page.locator("#announcer")).to_have_text("owl → Eule")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(sentences.last).to_be_focused()
    assert highlights(page, "word") == ["Two", "Zwei"]
    page.keyboard.press("ArrowLeft")
    assert highlights(page, "word") == ["sleeps", "schläft"]
    page.keyboard.press("ArrowDown")
    expect(sentences.last).to_be_focused()
    page.keyboard.press("Shift+Tab")  # all sentences are one tab stop
    expect(page.locator("#download")).to_be_focused()
    assert highlights(page, "sentence") == []


def test_the_caret_shows_the_counterpart_too(ready_page: Any) -> None:
    page = ready_page
    translate(page, "An owl sleeps.", "Eine Eule schläft.")
    page.locator("#source").press("Home")
    page.locator("#source").press("Control+ArrowRight")
    page.locator("#source").press("ArrowRight")
    assert highlights(page, "word") == ["owl", "Eule"]
    page.keyboard.type("x")
    assert highlights(page, "word") == []


def test_warnings_are_shown_in_words(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls. This stays as it was.", "Zwei Eulen. This stays as it was.")
    warning = "Check: much of this sentence was not translated."
    flagged = page.locator(".sentence.flagged")
    expect(flagged).to_have_text("This stays as it was.")
    expect(flagged).to_have_accessible_description(re.compile(re.escape(warning)))
    expect(flagged).to_have_css("text-decoration-style", "dotted")
    page.get_by_role("button", name="1 sentence to check").press("Enter")
    expect(flagged).to_be_focused()
    expect(page.locator("#hint")).to_have_text(warning)


# --- what was lost

COST = "A barn costs $1,299.99 here."
SLIP = "Eine Scheune kostet hier 4711."
WARNING = (
    "Check: the amount $1,299.99 is missing in the translation; the number 4711 is not in the English text."
)


@pytest.fixture
def slipped_page(ready_page: Any, engine: WordForWord) -> Any:
    """A page with a translation that has lost an amount and made up a number."""
    engine.slips[COST] = SLIP
    translate(ready_page, f"🦉 Two owls. {COST}", f"🦉 Zwei Eulen. {SLIP}")
    expect(ready_page.locator("#check")).to_have_text("1 sentence to check")
    return ready_page


def test_lost_and_made_up_items_are_marked_in_both_panes(slipped_page: Any) -> None:
    page = slipped_page
    assert highlights(page, "fault") == ["$1,299.99", "4711"]
    assert page.evaluate(
        "[...CSS.highlights.get('fault')].map(range => range.startContainer.parentElement.closest('[id]').id)"
    ) == ["mirror", "translation"]
    page.locator(".sentence").first.hover()
    page.mouse.move(1, 1)
    assert highlights(page, "sentence") == []
    assert highlights(page, "fault") == ["$1,299.99", "4711"]


def test_lost_and_made_up_items_are_named(slipped_page: Any) -> None:
    page = slipped_page
    flagged = page.locator(".sentence.flagged")
    expect(flagged).to_have_text(SLIP)
    expect(flagged).to_have_accessible_description(
        re.compile("Check: a number, an amount, a time or a date is")
    )
    page.locator("#check").press("Enter")
    expect(page.locator("#hint")).to_have_text(WARNING)
    flagged.click()
    expect(page.get_by_role("dialog")).to_contain_text(WARNING)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Deutsch").click()
    page.locator("#check").press("Enter")
    expect(page.locator("#hint")).to_have_text(
        "Bitte prüfen: Der Betrag $1,299.99 fehlt in der Übersetzung; die Zahl 4711 steht nicht im englischen Text."
    )


def test_the_first_of_many_losses_are_named(ready_page: Any, engine: WordForWord) -> None:
    page = ready_page
    source = "Take 101, 202, 303, 404 and 505."
    engine.slips[source] = "Nimm sie."
    translate(page, source, "Nimm sie.")
    page.locator(".sentence").hover()
    named = [f"the number {number} is missing in the translation" for number in (101, 202, 303)]
    expect(page.locator("#hint")).to_have_text(f"Check: {'; '.join(named)}; and 2 more.")


def test_marks_stay_while_the_translation_is_up_to_date(slipped_page: Any, engine: WordForWord) -> None:
    page = slipped_page
    text = page.locator("#source").input_value()
    write(page, f"{text} ")  # needs no new translation
    assert highlights(page, "fault") == ["$1,299.99", "4711"]
    gate = engine.hold("Low tide")
    write(page, "Low tide")
    assert highlights(page, "fault") == []
    gate.set()
    expect_translation(page, "Niedrige Gezeit")
    assert highlights(page, "fault") == []


def test_an_alternative_has_no_marks(slipped_page: Any) -> None:
    page = slipped_page
    page.locator(".sentence").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Anders (2)").click()
    expect_translation(page, "🦉 Zwei Eulen. Anders (2)")
    assert highlights(page, "fault") == []
    page.locator(".sentence").last.click()
    page.get_by_role("dialog").get_by_role("button", name=SLIP).click()
    assert highlights(page, "fault") == ["$1,299.99", "4711"]


def test_marks_behind_the_text_scroll_with_it(slipped_page: Any) -> None:
    page = slipped_page
    for width in (1200, 600, 360):
        page.set_viewport_size({"width": width, "height": 800})
        wait_until_in(
            page,
            lambda: page.evaluate("mirror.clientWidth === source.clientWidth"),  # elements by id
        )


# --- alternatives


def test_an_alternative_replaces_its_sentence(ready_page: Any) -> None:
    page = ready_page
    panel = page.get_by_role("dialog", name="Other translations")
    translate(page, "Two owls. One barn.", "Zwei Eulen. Eine Scheune.")
    page.locator(".sentence").last.click()
    expect(panel).to_contain_text("One barn.")
    expect(panel.get_by_role("button")).to_have_text(
        [f"Eine Scheune.{rank}" for rank in ("", " (1)", " (2)", " (3)")]
    )
    expect(panel.get_by_role("button", pressed=True)).to_have_text("Eine Scheune.")
    panel.get_by_role("button", name="Eine Scheune. (2)").click()
    expect(panel).to_be_hidden()
    expect_translation(page, "Zwei Eulen. Eine Scheune. (2)")
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "Zwei Eulen. Eine Scheune. (2)"
    # It survives changes elsewhere in the text.
    translate(page, "An owl. One barn.", "Eine Eule. Eine Scheune. (2)")


def test_alternatives_are_chosen_with_the_keyboard(ready_page: Any) -> None:
    page = ready_page
    panel = page.get_by_role("dialog", name="Other translations")
    translate(page, "Two owls. One barn.", "Zwei Eulen. Eine Scheune.")
    page.locator(".sentence").first.focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", pressed=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".sentence").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", pressed=True)).to_be_focused()
    page.keyboard.press("ArrowUp")  # from the first to the last
    page.keyboard.press("Enter")
    expect_translation(page, "Zwei Eulen. (3) Eine Scheune.")
    expect(page.locator(".sentence").first).to_be_focused()


def test_errors_with_alternatives_are_shown_in_their_place(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    page.route("**/translate", lambda route: route.abort())
    page.locator(".sentence").click()
    expect(page.get_by_role("dialog")).to_contain_text("The server cannot be reached")
    page.unroute("**/translate")
    page.keyboard.press("Escape")
    page.locator(".sentence").click()
    expect(page.get_by_role("dialog")).to_contain_text("Zwei Eulen (3)")


def test_a_server_may_have_no_alternatives(open_page: Callable[..., Any]) -> None:
    page = open_page(max_alternatives=0)
    translate(page, "Two owls", "Zwei Eulen")
    page.locator(".sentence").click()
    expect(page.get_by_role("dialog")).to_contain_text("There are no other translations.")


# --- Sie and du


@pytest.fixture
def taught(engine: WordForWord, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the engine's card say that the model was trained for both."""
    monkeypatch.setattr(engine, "card", {"formality": True})


@pytest.fixture
def polite_page(taught: None, ready_page: Any) -> Any:
    """The page of a model that was trained for both."""
    return ready_page


def address(page: Any, name: str) -> Any:
    """One side of the switch."""
    return page.get_by_role("group", name="German for “you”").get_by_role("button", name=name, exact=True)


def bodies(page: Any) -> list[dict[str, Any]]:
    """The bodies sent from now on."""
    sent: list[dict[str, Any]] = []
    page.on("request", lambda request: sent.append(request.post_data_json) if request.post_data else None)
    return sent


def body_of_the_command(page: Any) -> Any:
    return json.loads(shlex.split(command(page).replace("\\\n", ""))[-1])


@pytest.mark.parametrize("card", [{"corpora": ["none"]}, {"formality": False}])
def test_du_is_not_offered_if_the_model_does_not_know_it(
    open_page: Callable[..., Any],
    engine: WordForWord,
    monkeypatch: pytest.MonkeyPatch,
    card: dict[str, Any],
) -> None:
    monkeypatch.setattr(engine, "card", card)
    page = open_page()
    # As if another model had been served before.
    page.evaluate("localStorage.setItem('translator.formality', 'informal')")
    page.reload()
    sent = bodies(page)
    translate(page, "Two for you", "Zwei for Sie")
    expect(page.locator("#formality")).to_be_hidden()
    assert sent == [{"text": "Two for you", "alignment": True}]
    assert body_of_the_command(page) == {"text": "Two for you"}


def test_sie_is_the_default_and_not_sent(polite_page: Any) -> None:
    page = polite_page
    expect(address(page, "Sie")).to_have_attribute("aria-pressed", "true")
    expect(address(page, "du")).to_have_attribute("aria-pressed", "false")
    sent = bodies(page)
    translate(page, "Two for you", "Zwei for Sie")
    address(page, "Sie").click()  # changes nothing
    assert sent == [{"text": "Two for you", "alignment": True}]
    assert body_of_the_command(page) == {"text": "Two for you"}


def test_du_translates_the_text_again_at_once(polite_page: Any) -> None:
    page = polite_page
    translate(page, "Two for you", "Zwei for Sie")
    command(page)
    page.clock.install()  # time stands still: no pause ever ends
    sent = bodies(page)
    address(page, "du").click()
    expect_translation(page, "Zwei for du")
    expect(address(page, "Sie")).to_have_attribute("aria-pressed", "false")
    expect(address(page, "du")).to_have_attribute("aria-pressed", "true")
    assert sent == [{"text": "Two for you", "alignment": True, "formality": "informal"}]
    assert body_of_the_command(page) == {"text": "Two for you", "formality": "informal"}
    expect(history(page)).to_have_text(["Two for youZwei for du"])
    address(page, "Sie").click()
    expect_translation(page, "Zwei for Sie")
    assert sent[1:] == [{"text": "Two for you", "alignment": True}]
    assert body_of_the_command(page) == {"text": "Two for you"}


def test_du_while_the_text_is_being_translated_starts_again(polite_page: Any, engine: WordForWord) -> None:
    page = polite_page
    gate = engine.hold("One for you.")
    write(page, "Two for you. One for you.")
    expect(page.locator("#translation")).to_have_text("Zwei for Sie.")
    address(page, "du").click()
    expect(page.locator("#translation")).to_have_text("Zwei for du.")
    gate.set()
    expect_translation(page, "Zwei for du. Eine for du.")


def test_without_a_text_du_sends_no_request(polite_page: Any) -> None:
    page = polite_page
    sent = bodies(page)
    address(page, "du").click()
    translate(page, "Two for you", "Zwei for du")
    write(page, "")
    address(page, "Sie").click()
    write(page, "x" * 131_073)
    address(page, "du").click()
    expect(page.get_by_role("alert")).to_contain_text("1 character over the limit")
    assert sent == [{"text": "Two for you", "alignment": True, "formality": "informal"}]


def test_du_is_kept_after_a_reload(polite_page: Any) -> None:
    page = polite_page
    address(page, "du").click()
    page.reload()
    expect(address(page, "du")).to_have_attribute("aria-pressed", "true")
    translate(page, "Two for you", "Zwei for du")
    address(page, "Sie").click()
    expect_translation(page, "Zwei for Sie")
    page.reload()
    expect(address(page, "Sie")).to_have_attribute("aria-pressed", "true")


def test_du_needs_no_storage(polite_page: Any) -> None:
    page = polite_page
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})"
    )
    page.reload()
    address(page, "du").click()
    translate(page, "Two for you", "Zwei for du")


def test_alternatives_use_du_too_and_a_choice_applies_to_its_side_only(polite_page: Any) -> None:
    page = polite_page
    panel = page.get_by_role("dialog", name="Other translations")
    translate(page, "Two for you", "Zwei for Sie")
    page.locator(".sentence").click()
    panel.get_by_role("button", name="Zwei for Sie (2)").click()
    expect_translation(page, "Zwei for Sie (2)")
    address(page, "du").click()
    expect_translation(page, "Zwei for du")
    page.locator(".sentence").click()
    expect(panel.get_by_role("button")).to_have_text(
        [f"Zwei for du{rank}" for rank in ("", " (1)", " (2)", " (3)")]
    )
    panel.get_by_role("button", name="Zwei for du (1)").click()
    address(page, "Sie").click()
    expect_translation(page, "Zwei for Sie (2)")
    address(page, "du").click()
    expect_translation(page, "Zwei for du (1)")


def test_du_closes_the_alternatives(polite_page: Any) -> None:
    page = polite_page
    translate(page, "Two for you", "Zwei for Sie")
    page.locator(".sentence").click()
    expect(page.locator("#alternatives-list button")).to_have_count(4)
    address(page, "du").press("Enter")  # the keyboard gets there while they are open
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_translation(page, "Zwei for du")


def test_sie_and_du_are_explained_in_both_languages(polite_page: Any) -> None:
    page = polite_page
    expect(address(page, "du")).to_have_accessible_description("Informal, for friends and children")
    page.get_by_role("button", name="Deutsch").click()
    group = page.get_by_role("group", name="Anrede")
    expect(group.get_by_role("button", name="Sie")).to_have_accessible_description(
        "Förmlich, für Fremde und Kunden"
    )
    expect(group.locator("[lang=de]")).to_have_text(["Sie", "du"])  # German in both languages


# --- history


def history(page: Any) -> Any:
    if not page.locator("#history").evaluate("details => details.open"):
        page.locator("#history summary").click()
    return page.locator("#entries button")


def test_the_history_survives_a_reload_and_can_be_cleared(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    translate(page, "One barn", "Eine Scheune")
    expect(history(page)).to_have_text(["One barnEine Scheune", "Two owlsZwei Eulen"])
    page.reload()
    expect(history(page)).to_have_count(2)
    history(page).last.click()
    expect(page.locator("#source")).to_have_value("Two owls")
    expect_translation(page, "Zwei Eulen")
    expect(page.locator(".sentence")).to_have_count(1)
    page.get_by_role("button", name="Clear history").click()
    expect(history(page)).to_have_count(0)
    page.reload()
    expect(history(page)).to_have_count(0)


def test_a_text_that_grows_is_one_entry_of_the_history(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two", "Zwei")
    translate(page, "Two owls", "Zwei Eulen")
    translate(page, "Two", "Zwei")  # an entry stays when its text is deleted
    expect(history(page)).to_have_text(["Two owlsZwei Eulen"])


def test_the_history_is_limited(ready_page: Any) -> None:
    page = ready_page
    for number in range(21):
        translate(page, f"{number:03d}" * 9, f"{number:03d}" * 9)
    expect(history(page)).to_have_count(20)
    expect(history(page).last).to_contain_text("001" * 9)


def test_the_history_can_be_switched_off(ready_page: Any) -> None:
    page = ready_page
    history(page)
    page.get_by_label("Keep the last 20 translations").uncheck()
    translate(page, "Two owls", "Zwei Eulen")
    page.reload()
    expect(history(page)).to_have_count(0)
    expect(page.get_by_label("Keep the last 20 translations")).not_to_be_checked()


def test_the_page_works_without_any_storage(ready_page: Any) -> None:
    page = ready_page
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('forbidden'); }})"
    )
    page.reload()
    translate(page, "Two owls", "Zwei Eulen")


# --- HTML and glossaries


def format_button(page: Any, name: str) -> Any:
    """One side of the switch."""
    return page.get_by_role("group", name="What the text is").get_by_role("button", name=name, exact=True)


def test_html_keeps_its_tags(ready_page: Any) -> None:
    page = ready_page
    expect(format_button(page, "Text")).to_have_attribute("aria-pressed", "true")
    expect(format_button(page, "HTML")).to_have_accessible_description("HTML: tags stay as they are")
    sent = bodies(page)
    text = "<p>Two <b>owls</b></p>"
    write(page, text)
    expect(page.locator("#timing")).to_have_text(re.compile(r"\d s$"))
    format_button(page, "HTML").click()
    expect_translation(page, "<p>Zwei <b>Eulen</b></p>")
    plain = {"text": text, "alignment": True}
    assert sent == [plain, {**plain, "format": "html"}]
    assert body_of_the_command(page) == {"text": text, "format": "html"}
    page.locator(".sentence").click()
    expect(page.locator("#alternatives-list button").nth(1)).to_have_text("Zwei <b>Eulen</b> (1)")
    assert sent[-1]["format"] == "html"
    page.keyboard.press("Escape")
    page.reload()
    expect(format_button(page, "HTML")).to_have_attribute("aria-pressed", "true")
    format_button(page, "Text").click()
    translate(page, "Two owls", "Zwei Eulen")
    assert sent[-1] == {"text": "Two owls", "alignment": True}


def terms(page: Any) -> Any:
    if not page.locator("#glossary").evaluate("details => details.open"):
        page.locator("#glossary summary").click()
    return page.get_by_role("textbox", name="One term in each line")


def test_a_glossary_is_sent(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    sent = bodies(page)
    terms(page).fill(" owl = Uhu|Uhus \n\nred barn\trote Scheune\n")
    expect(page.locator("#glossary summary")).to_have_text("Glossary (2)")
    glossary = {"owl": "Uhu|Uhus", "red barn": "rote Scheune"}
    wait_until_in(page, lambda: sent == [{"text": "Two owls", "alignment": True, "glossary": glossary}])
    assert body_of_the_command(page) == {"text": "Two owls", "glossary": glossary}
    expect_translation(page, "Zwei Eulen")
    page.locator(".sentence").click()
    wait_until_in(page, lambda: sent[-1] == {"text": "Two owls", "alternatives": 3, "glossary": glossary})
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#glossary summary")).to_have_text("Glossary (2)")
    translate(page, "Low tide", "Niedrige Gezeit")
    assert sent[-1]["glossary"] == glossary
    terms(page).fill("")
    terms(page).blur()
    wait_until_in(page, lambda: sent[-1] == {"text": "Low tide", "alignment": True})


def test_a_glossary_is_used_for_documents(ready_page: Any) -> None:
    page = ready_page
    terms(page).fill("owl = Uhu")
    terms(page).blur()
    page.evaluate(
        """() => {  // the browser does not show tests the forms that it sends
          const { fetch } = window;
          window.glossaries = [];
          window.fetch = (url, options) => {
            if (options?.body instanceof FormData) window.glossaries.push(options.body.get("glossary"));
            return fetch(url, options);
          };
        }"""
    )
    choose(page, "owls.docx", letter("Two owls"))
    expect(page.locator("#document-state")).to_contain_text("Translated as owls.de.docx")
    terms(page).fill("")
    terms(page).blur()
    choose(page, "sleep.docx", letter("An owl sleeps"))
    expect(page.locator("#document-state")).to_contain_text("Translated as sleep.de.docx")
    assert page.evaluate("glossaries") == ['{"owl":"Uhu"}', None]


@pytest.mark.parametrize("line", ["owl", "owl =", "= Uhu", "owl = Uhu = Kauz", "owl\tUhu\tKauz"])
def test_a_line_that_is_no_term_is_named(ready_page: Any, line: str) -> None:
    page = ready_page
    terms(page).fill(f"barn = Stall\n\n{line}\nowls")
    expect(page.locator("#terms-error")).to_have_text("Line 3 is not used: write “English = German”.")
    expect(terms(page)).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("#terms-error")).to_have_text(
        "Zeile 3 gilt nicht: Schreiben Sie „Englisch = Deutsch“."
    )
    expect(page.locator("#glossary summary")).to_have_text("Glossar (1)")
    page.locator("#terms").fill("barn = Stall")
    expect(page.locator("#terms-error")).to_be_empty()


def test_a_glossary_that_the_server_refuses_is_explained(ready_page: Any) -> None:
    page = ready_page
    terms(page)
    page.locator("#terms").evaluate(
        "(terms, text) => { terms.value = text; terms.dispatchEvent(new Event('change')); }",
        "\n".join(f"term {number} = Begriff {number}" for number in range(1_001)),
    )
    write(page, "Two owls")
    expect(page.get_by_role("alert")).to_contain_text("glossary: must be an object with up to 1000 strings")


def test_the_tools_of_a_pane_are_in_one_line(taught: None, open_page: Callable[..., Any]) -> None:
    page = open_page(viewport=(360, 740), locale="de-DE")
    expect(page.locator("#formality")).to_be_visible()
    heights = page.evaluate("[...document.querySelectorAll('.head')].map(head => head.offsetHeight)")
    assert max(heights) < 60


# --- the command


def command(page: Any) -> str:
    if not page.locator("#command").evaluate("details => details.open"):
        page.locator("#command summary").click()
    expect(page.locator("#curl")).to_contain_text("curl")
    return page.locator("#curl").inner_text()


def test_the_command_sends_the_text_on_the_page(ready_page: Any) -> None:
    page = ready_page
    text = 'It\'s "here":\n\n\t$HOME `ls` \\n !! 🦉 \\'
    write(page, text)
    parts = shlex.split(command(page).replace("\\\n", ""))
    assert parts[:4] == ["curl", page.url + "translate", "-H", "Content-Type: application/json"]
    assert parts[4] == "-d"
    assert json.loads(parts[5]) == {"text": text}
    write(page, "Two owls")
    assert json.loads(shlex.split(command(page).replace("\\\n", ""))[5]) == {"text": "Two owls"}
    page.locator("#copy-curl").click()
    expect(page.locator("#copy-curl")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == command(page)


def test_the_command_of_a_long_text_can_be_run_by_a_shell(ready_page: Any, tmp_path: Path) -> None:
    # Linux accepts 131,072 bytes in one argument, including the zero at its end; this has 135,000.
    shell = shutil.which("sh")
    assert shell is not None
    text = "'€€€€€€€€€€€€€€ " * 3_000 + "\n"
    write(ready_page, text)
    (tmp_path / "curl").write_text(
        f'#!{shell}\nprintf "%s\\n" "$@" > "{tmp_path}/arguments"\ncat > "{tmp_path}/body"\n'
    )
    (tmp_path / "curl").chmod(0o755)
    subprocess.run(
        [shell], input=command(ready_page), env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, text=True, check=True
    )
    assert (tmp_path / "arguments").read_text().splitlines()[1:] == [
        "-H",
        "Content-Type: application/json",
        "-d",
        "@-",
    ]
    assert json.loads((tmp_path / "body").read_text()) == {"text": text}


# --- the rest of the page


def test_copying_works_without_the_clipboard_of_secure_pages(ready_page: Any) -> None:
    # Over plain http from another machine, a browser has no navigator.clipboard.
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    write(page, "")
    page.locator("#source").press("Control+V")
    expect(page.locator("#source")).to_have_value("Zwei Eulen")


def test_clear_empties_both_sides(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator("#source")).to_have_value("")
    expect(page.locator("#source")).to_be_focused()
    expect(page.locator("#translation")).to_be_empty()
    for name in ("#copy", "#download", "#clear"):
        expect(page.locator(name)).to_be_disabled()


def test_the_interface_is_german_in_german_browsers(open_page: Callable[..., Any]) -> None:
    page = open_page(locale="de-DE")
    expect(page.get_by_role("heading", name="Englisch → Deutsch")).to_be_visible()
    expect(page.locator("#count")).to_have_text("0 / 131.072")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_the_language_of_the_interface_is_switched_and_remembered(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("button", name="Kopieren")).to_be_visible()
    expect(page.locator("#status")).to_have_text("word-for-word auf cpu")
    expect(page.locator("#hint")).to_contain_text("Auf ein Wort zeigen")
    page.reload()
    expect(page).to_have_title("Englisch → Deutsch")
    page.get_by_role("button", name="English").click()
    expect(page).to_have_title("English → German")


def test_both_languages_have_all_messages(ready_page: Any) -> None:
    page = ready_page
    english, german = page.evaluate(
        "async () => Object.values((await import('./static/messages.js')).MESSAGES).map(Object.keys)"
    )
    assert english == german
    used = page.evaluate(
        """[...document.querySelectorAll('[data-text], [data-label], [data-title], [data-placeholder], [data-empty]')]
            .flatMap(({dataset: {text, label, title, placeholder, empty}}) => [text, label, title, placeholder, empty])
            .filter(key => key !== undefined)"""
    )
    assert set(used) <= set(english)


def test_screen_readers_hear_the_translation_after_a_pause(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Two owls", "Zwei Eulen")
    expect(page.locator("#announcer")).to_have_text("Zwei Eulen")
    expect(page.locator("#announcer")).to_have_attribute("lang", "de")
    write(page, "An owl sleeps. " * 30)
    expect(page.locator("#announcer")).to_have_text("The translation is finished: 30 sentences.")


@pytest.mark.parametrize(
    ("width", "locale"), [(360, "en-GB"), (360, "de-DE"), (768, "de-DE"), (1200, "de-DE")]
)
def test_nothing_is_wider_than_the_screen(
    taught: None, open_page: Callable[..., Any], width: int, locale: str
) -> None:
    page = open_page(viewport=(width, 740), locale=locale)
    expect(page.locator("#status")).to_have_attribute("data-state", "ready")
    text = "This sentence stays as it was. " + "Unbreakable" * 40
    translate(page, text, text)
    history(page)
    command(page)
    page.locator("#glossary summary").click()
    page.locator("#terms").fill("Unbreakable" * 40)
    expect(page.locator("#terms-error")).not_to_be_empty()
    expect(page.locator("#check")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".sentence").last.click()
    expect(page.locator("#alternatives-list button")).to_have_count(4)
    for name in (
        "#open",
        "#clear",
        "#formality",
        "#copy",
        "#download",
        "#translation",
        "#check",
        "#alternatives",
        "#forget",
    ):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    write(page, text + " And so on.")
    expect(page.locator("#status")).to_have_attribute("data-state", "down")
    expect(page.locator("#retry")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


CONTRASTS = """selectors => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const channels = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color) => channels(color).slice(0, 3)
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
    const ground = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return channels(color)[3] === 255 ? color : ground(element.parentElement);
    };
    const ratio = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const style = (element, part) => getComputedStyle(element, part);
    return Object.fromEntries(selectors.map((selector) => {
        const [name, part] = selector.split("::");
        const element = document.querySelector(name);
        if (!element.checkVisibility()) return [selector, "not visible"];
        const color = style(element, part && !part.startsWith("highlight") ? `::${part}` : null).color;
        const behind = part?.startsWith("highlight") ? style(element, `::${part}`).backgroundColor : ground(element);
        return [selector, ratio(color, behind)];
    }));
}"""

MAIN_TEXTS = [
    "h1",
    "#status",
    "[data-language][aria-pressed=true]",
    "[data-language][aria-pressed=false]",
    ".language",
    "[data-formality][aria-pressed=true]",
    "[data-formality][aria-pressed=false]",
]
MAIN_TEXTS += [
    "#source",
    "#source::placeholder",
    "#count",
    "#open",
    "#translation",
    "#hint",
    "#check",
    "#timing",
]
MAIN_TEXTS += [f"#translation::highlight({name})" for name in ("word", "sentence", "fault")]
MAIN_TEXTS += [
    "#alternatives-title",
    "#alternatives-source",
    "#alternatives-flags",
    "#alternatives-list button",
]
MAIN_TEXTS += [
    "[data-format][aria-pressed=true]",
    "[data-format][aria-pressed=false]",
    "#terms",
    "#terms::placeholder",
    "label[for=terms]",
    "#terms-error",
]
MAIN_TEXTS += [
    "summary",
    "#entries span",
    "#entries span + span",
    ".history-tools",
    "#curl",
    "footer",
    "footer a",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_contrast_with_their_background(
    taught: None, open_page: Callable[..., Any], engine: WordForWord, scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    text = "This sentence stays as it was."
    translate(page, text, text)
    history(page)
    command(page)
    terms(page).fill("no term")
    expect(page.locator("#terms-error")).not_to_be_empty()
    page.locator(".sentence").click()
    expect(page.locator("#alternatives-list button")).to_have_count(4)
    contrasts = page.evaluate(CONTRASTS, MAIN_TEXTS)
    page.keyboard.press("Escape")
    engine.errors["It fails"] = RuntimeError("secret")
    write(page, "It fails")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#translation")).to_have_class(re.compile("old"))
    contrasts |= page.evaluate(CONTRASTS, ["#error", "#retry", ".old"])
    assert {name: ratio for name, ratio in contrasts.items() if ratio == "not visible" or ratio < 4.5} == {}


def test_dark_and_light_differ(open_page: Callable[..., Any]) -> None:
    grounds = {
        open_page(color_scheme=scheme)
        .locator("body")
        .evaluate("body => getComputedStyle(body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


def test_every_control_has_a_name(polite_page: Any) -> None:
    page = polite_page
    translate(page, "Two owls", "Zwei Eulen")
    history(page)
    command(page)
    terms(page)
    for control in page.locator("button:visible, input:visible, textarea, [tabindex='0']").all():
        assert re.search(r'^- \w+ "', control.aria_snapshot().partition("\n")[0]), control


def test_the_description_of_the_api_works_offline(open_page: Callable[..., Any]) -> None:
    page = open_page("/docs")
    expect(page.get_by_role("heading", name="English→German translator")).to_be_visible()
    page.get_by_role("button", name="POST /translate Translate English into German").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


def test_the_description_of_the_api_takes_a_key(open_page: Callable[..., Any]) -> None:
    key = "a-key-of-the-tests"
    page = open_page("/docs", api_keys=f"web:{sha256(key.encode()).hexdigest()}")
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".auth-container", has_text="bearer")
    dialog.get_by_role("textbox").fill(key)
    dialog.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-translation-translate")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text("translations")
