"""The inline elements of Markdown with their source: which parts are text, and which are tags.

markdown-it-py keeps no positions within a block, so its inline rules are watched: each one that succeeds has read a
part of the source.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from translator.text.places import Place

_Rule = Callable[[StateInline, bool], bool]
TITLE = r"""\s("(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))\s*"""
"""The title of a link, image or definition, behind its address."""
_TITLE_AT_END = re.compile(TITLE + r"\)\Z", re.DOTALL)


class Piece(NamedTuple):
    """A part of the source of a block."""

    kind: Literal["text", "escape", "open", "close", "lone", "break"]
    """`escape`: a character that is written otherwise. `lone`: code, an image, an address or HTML. `break`: a line
    break that is meant."""
    raw: str
    """As it is in the source; of a link, as it has to be written when its text changes."""
    text: str = ""
    """The characters of a text."""
    description: Place | None = None
    """The place in `raw` of the description of an image."""
    title: Place | None = None
    """The place in `raw` of the title of a link or an image, with its quotation marks."""


class _Read(NamedTuple):
    """What a rule has read: `source[start:end]`, for which it has made the tokens from `token` on."""

    rule: str
    start: int
    end: int
    token: int
    label_end: int = 0
    """Where the description of an image ends."""


class InlineReader:
    """Reads Markdown. Not thread-safe."""

    def __init__(self) -> None:
        self._markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        rules = self._markdown.inline.ruler
        for name in rules.get_active_rules():
            [rule] = [one.fn for one in rules.__rules__ if one.name == name]
            rules.at(name, self._watched(name, rule))
        self._read: list[_Read] = []
        self._environment: dict[str, Any] = {}

    def blocks(self, text: str) -> list[Token]:
        """Return the blocks of a document."""
        self._environment = {}
        with_inline = self._markdown.core.ruler.get_active_rules()
        with self._markdown.reset_rules():
            self._markdown.core.ruler.enableOnly(
                [one for one in with_inline if one in ("normalize", "block")]
            )
            return self._markdown.parse(text, self._environment)

    def definitions(self) -> list[tuple[Place, str]]:
        """Return the lines of each definition of a reference that counts in the last document, and its title."""
        references = self._environment.get("references", {}).values()
        return [((one["map"][0], one["map"][1]), one["title"]) for one in references if one["title"]]

    def pieces(self, content: str) -> list[Piece]:
        """Return the parts of a block's content, in order and without gaps."""
        self._read = []
        state = StateInline(content, self._markdown, self._environment, [])
        inline = self._markdown.inline
        inline.tokenize(state)
        for rule in inline.ruler2.getRules("")[:-1]:  # the last one joins texts, which would move the tokens
            rule(state)
        return list(_pieces(content, self._read, state.tokens))

    def _watched(self, name: str, rule: _Rule) -> _Rule:
        def watched(state: StateInline, silent: bool) -> bool:
            if silent:
                return rule(state, silent)
            start, before = state.pos, len(self._read)
            token = len(state.tokens) + bool(state.pending)
            label_end = start
            if name == "link" and state.src[start] == "[":
                label_end = state.md.helpers.parseLinkLabel(state, start, True)
            elif name == "image" and state.src.startswith("![", start):
                label_end = state.md.helpers.parseLinkLabel(state, start + 1, False)
            if not rule(state, silent):
                return False
            if name == "link":
                self._read.insert(before, _Read("link_open", start, start + 1, token))
                self._read.append(_Read("link_close", label_end, state.pos, token))
            else:
                del self._read[before:]  # of the text inside an image
                self._read.append(_Read(name, start, state.pos, token, label_end))
            return True

        return watched


def _pieces(source: str, read: list[_Read], tokens: list[Token]) -> Iterator[Piece]:
    done, labels = 0, list[int]()
    for one in read:
        raw = source[one.start : one.end]
        is_break = one.rule == "newline" or raw.startswith("\\\n")
        if before := source[done : one.start]:
            yield Piece("text", before, before.rstrip(" ") if is_break else before)
        done = one.end
        match one.rule:
            case _ if is_break:
                # Blanks before it that were not kept make no token, so that its own is one earlier.
                around = tokens[max(0, one.token - 1) : one.token + 1]
                is_hard = raw.startswith("\\") or any(token.type == "hardbreak" for token in around)
                # Spelt as in the source: a backslash would make a `*` before it a delimiter.
                hard_break = "\\\n" if raw.startswith("\\") else "  \n"
                yield Piece("break", hard_break) if is_hard else Piece("text", raw, " ")
            case "text":
                yield Piece("text", raw, raw.rstrip(" ") if source.startswith("\n", one.end) else raw)
            case "emphasis" | "strikethrough":
                yield from _delimiters(raw, tokens[one.token :])
            case "escape" | "entity":
                yield Piece("escape", raw, tokens[one.token].content)
            case "link_open":
                labels.append(one.end)
                yield Piece("open", raw)
            case "link_close":
                label = " ".join(source[labels.pop() : one.start].split())
                yield Piece("close", _with_label(raw, label), title=_title_place(raw, tokens[one.token]))
            case "image":
                middle = one.label_end - one.start
                label = " ".join(raw[2:middle].split())
                yield Piece(
                    "lone",
                    raw[:middle] + _with_label(raw[middle:], label),
                    description=(2, middle),
                    title=_title_place(raw, tokens[one.token]),
                )
            case _:
                yield Piece("lone", raw)
    if done < len(source):
        yield Piece("text", source[done:], source[done:])


def _with_label(end: str, label: str) -> str:
    """Name the label of a reference whose label is its text, because the text changes."""
    return f"][{label}]" if end in ("]", "][]") else end


def _title_place(raw: str, token: Token) -> Place | None:
    """Return the place of a title; None if there is none, or if it stands in a definition elsewhere."""
    found = _TITLE_AT_END.search(raw)
    return found.span(1) if found and unescapeAll(found[1][1:-1]) == token.attrGet("title") else None


def _delimiters(raw: str, tokens: list[Token]) -> Iterator[Piece]:
    """Yield the delimiters of a run such as `***`; markers without a counterpart are text."""
    left = len(raw)
    for token in tokens:
        if left <= 0:
            return
        if token.type == "text":  # without content if it is part of its neighbour
            left -= len(token.content)
            if token.content:
                yield Piece("text", token.content, token.content)
        else:
            left -= len(token.markup)
            yield Piece("open" if token.nesting > 0 else "close", token.markup)
