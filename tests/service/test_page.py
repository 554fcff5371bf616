"""The page to translate in and the description of the API, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from translator.errors import InputError

playwright_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no `chromium`; Debian's package of that name has it"
)

expect = playwright_api.expect
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    browser: Any, make_app: Callable[..., FastAPI], serve: Callable[[FastAPI], str]
) -> Iterator[Callable[..., Any]]:
    """Serve the echo with the settings given and open its page; nothing may be asked of another host."""
    contexts, foreign, troubles = [], [], []

    def open_it(path: str = "/", viewport: tuple[int, int] = (1200, 800), **settings: object) -> Any:
        address = serve(make_app(**settings))
        context = browser.new_context(viewport={"width": viewport[0], "height": viewport[1]})
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: None if is_local(request.url, address) else foreign.append(request.url)
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda message: troubles.append(message.text) if "Policy" in message.text else None
        )
        page.goto(address + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert foreign == []
    assert troubles == []  # neither script errors nor anything that the Content-Security-Policy had to stop


def is_local(url: str, address: str) -> bool:
    return url.startswith((f"{address}/", "data:"))


@pytest.fixture
def ready_page(open_page: Callable[..., Any]) -> Any:
    page = open_page()
    expect(page.locator("#status")).to_have_text("echo-en-de on cpu")
    return page


def test_a_text_is_translated_and_copied(ready_page: Any) -> None:
    page = ready_page
    button = page.get_by_role("button", name="Translate")
    expect(button).to_be_disabled()  # nothing to translate yet
    page.get_by_label("English").fill("Two owls.\n\nOne barn.")
    button.click()
    expect(page.locator("#translation")).to_have_text("DE:Two owls.\n\nOne barn.", use_inner_text=True)
    expect(page.locator("#timing")).to_have_text(re.compile(r"^Translated in \d+\.\d\d s$"))
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "DE:Two owls.\n\nOne barn."


def test_copying_works_without_the_clipboard_of_secure_pages(ready_page: Any) -> None:
    # Over plain http from another machine a browser has no navigator.clipboard.
    page = ready_page
    translate(page, "An old loom")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    page.locator("#source").fill("")
    page.locator("#source").press("Control+V")
    expect(page.locator("#source")).to_have_value("DE:An old loom")


def test_ctrl_enter_translates(ready_page: Any) -> None:
    page = ready_page
    page.locator("#source").fill("Wet paint")
    page.locator("#source").press("Control+Enter")
    expect(page.locator("#translation")).to_have_text("DE:Wet paint")


def test_markup_in_a_text_stays_text(ready_page: Any) -> None:
    translate(ready_page, "<b>bold</b><img src=x onerror=alert(1)>")
    expect(ready_page.locator("#translation")).to_have_text("DE:<b>bold</b><img src=x onerror=alert(1)>")


def test_a_translation_fades_when_its_source_changes(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Low tide")
    expect(page.locator("#translation")).not_to_have_class(re.compile("stale"))
    page.locator("#source").fill("High tide")
    expect(page.locator("#translation")).to_have_class(re.compile("stale"))
    page.locator("#source").fill("Low tide")
    expect(page.locator("#translation")).not_to_have_class(re.compile("stale"))


def test_clear_empties_both_sides(ready_page: Any) -> None:
    page = ready_page
    translate(page, "Gone soon")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#source")).to_have_value("")
    expect(page.locator("#source")).to_be_focused()
    expect(page.locator("#translation")).to_have_text("")
    expect(page.locator("#copy")).to_be_disabled()
    expect(page.locator("#clear")).to_be_disabled()


def test_characters_are_counted_against_the_server_s_limit(open_page: Callable[..., Any]) -> None:
    page = open_page(max_characters=1200)
    expect(page.locator("#count")).to_have_text("0 / 1,200")
    page.locator("#source").fill("Owl 🦉")
    expect(page.locator("#count")).to_have_text("5 / 1,200")  # the owl is one, as the server counts
    page.locator("#source").fill("x" * 1201)
    expect(page.locator("#count")).to_have_text("1,201 / 1,200")
    expect(page.get_by_role("alert")).to_contain_text("1 character over the limit of 1,200. Shorten it")
    expect(page.locator("#translate")).to_be_disabled()
    expect(page.locator("#source")).to_have_attribute("aria-invalid", "true")
    page.locator("#source").fill("x" * 1200)
    expect(page.locator("#translate")).to_be_enabled()
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("This text cannot be: shorten it."), "This text cannot be: shorten it."),
        (RuntimeError("secret"), "The server failed. Try again"),
        (SystemExit(), "The server is busy or not ready. Your text is still here"),
    ],
)
def test_errors_of_the_server_are_told_inline(
    ready_page: Any, echo: Any, error: BaseException, told: str
) -> None:
    page = ready_page
    translate(page, "It works")
    echo.errors["It fails"] = error
    page.locator("#source").fill("It fails")
    page.locator("#translate").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.locator("#source")).to_have_value("It fails")
    expect(page.locator("#translate")).to_be_enabled()
    page.locator("#source").fill("It works again")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_slow_translation_is_told(open_page: Callable[..., Any], echo: Any) -> None:
    page = open_page(deadline_seconds=0.5)
    expect(page.locator("#status")).to_have_text("echo-en-de on cpu")
    echo.gate.clear()
    page.locator("#source").fill("Slow")
    page.locator("#translate").click()
    expect(page.locator("#translate")).to_have_text("Translating")
    expect(page.locator("#translate")).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("took too long")


def test_a_server_that_is_gone_is_told_inline(ready_page: Any) -> None:
    page = ready_page
    page.route("**/translate", lambda route: route.abort())
    page.locator("#source").fill("Anybody there?")
    page.locator("#translate").click()
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached. Your text is still here")


def test_an_answer_from_something_else_is_told_inline(ready_page: Any) -> None:
    page = ready_page
    page.route("**/translate", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.locator("#source").fill("Hello")
    page.locator("#translate").click()
    expect(page.get_by_role("alert")).to_have_text(
        "The server failed. Try again; if it happens again, tell whoever runs it."
    )


def test_while_the_model_loads_the_page_says_so_and_then_goes_on(
    open_page: Callable[..., Any], echo: Any
) -> None:
    echo.gate.clear()
    page = open_page()
    expect(page.locator("#status")).to_contain_text("The model is being loaded")
    page.locator("#source").fill("Early bird")
    expect(page.locator("#translate")).to_be_disabled()
    echo.gate.set()
    expect(page.locator("#status")).to_have_text("echo-en-de on cpu")
    expect(page.locator("#translate")).to_be_enabled()


@pytest.mark.parametrize("width", [360, 600, 704, 1200])
def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Any], width: int) -> None:
    page = open_page(viewport=(width, 740))
    expect(page.locator("#status")).to_have_text("echo-en-de on cpu")
    translate(page, "Unbreakable" * 40)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("#translate", "#clear", "#copy", "#translation"):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_the_page_can_be_used_from_the_keyboard(ready_page: Any) -> None:
    page = ready_page
    expect(page.locator("#source")).to_be_focused()
    page.keyboard.type("Keys")
    for name in ("#clear", "#translate"):
        page.keyboard.press("Tab")
        expect(page.locator(name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#translation")).to_have_text("DE:Keys")


def test_the_description_of_the_api_works_offline(open_page: Callable[..., Any]) -> None:
    page = open_page("/docs")
    expect(page.get_by_role("heading", name="English→German translator")).to_be_visible()
    page.get_by_role("button", name="POST /translate Translate English into German").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")


def translate(page: Any, text: str) -> None:
    page.locator("#source").fill(text)
    page.locator("#translate").click()
    expect(page.locator("#translation")).to_have_text(f"DE:{text}")
