"""Elements of markup: where each one ends, which ones end a sentence, and which ones stay untranslated."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from translator.markup.tokens import Token

MarkupFormat = Literal["html", "xml", "text"]
"""`text` is plain text, in which pairs of tags are found as well."""

_BLOCK_NAMES = """
    address article aside audio base blockquote body br button canvas caption center col colgroup dd details dialog
    dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html
    iframe legend li link main menu meta nav noframes noscript object ol optgroup option p param picture plaintext
    pre script search section select source style summary table tbody td template textarea tfoot th thead title tr
    track ul video xmp
"""
BLOCKS = frozenset(_BLOCK_NAMES.split())
"""Elements that end a sentence in HTML. A line break does, because it does so in plain text."""
_UNTRANSLATED_NAMES = (
    "canvas code iframe kbd math noembed noframes object plaintext pre samp script "
    "style svg textarea title tt var xmp"
)
_UNTRANSLATED = frozenset(_UNTRANSLATED_NAMES.split())
_VOID_NAMES = "area base br col embed frame hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_NAMES.split())
_CELLS, _TERMS = frozenset(("td", "th")), frozenset(("dt", "dd"))
_ENDED_BY = {
    **dict.fromkeys(BLOCKS - {"br", "button"}, frozenset[str]()),
    **dict.fromkeys(_CELLS, _CELLS),
    **dict.fromkeys(_TERMS, _TERMS),
    "tr": _CELLS | {"tr"},
    "li": frozenset(("li",)),
    "option": frozenset(("option",)),
    "optgroup": frozenset(("option", "optgroup")),
}
"""The elements that end where another begins if they have no end tag. A paragraph ends where any block begins, too."""


@dataclass(frozen=True)
class MarkupOptions:
    """How to read markup. The case of names matters in XML only."""

    format: MarkupFormat = "html"
    splitting: frozenset[str] = frozenset()
    """Tags that end a sentence, besides the usual ones."""
    non_splitting: frozenset[str] = frozenset()
    """Tags that do not."""
    ignored: frozenset[str] = frozenset()
    """Elements that stay untranslated, besides the usual ones."""
    finds_structure: bool = True
    """Whether the elements of XML end sentences where they are structure, not parts of a text."""
    with_attributes: bool = False
    """Whether to translate the title and the description of a page in HTML, and the attributes that people read."""


_NOTE_TAGS = frozenset(("a", "b", "i", "span", "sup"))
_NOTE = re.compile(r"(?P<bracket>\[)?(?:\d{1,3}(?:[,–-] ?\d{1,3})*|[a-z]|[*†‡§¶]{1,3})(?(bracket)\])")
_BEFORE_NOTE = re.compile(r"(?:[^\W\d_]{4}|(?<=\w)[.,;:!?)\"'”’]{1,3})\Z")
"""A longer word, or the end of a clause. “m²” and “sin²” are no notes."""
_AFTER_NOTE = re.compile(r"[^\W\d_]{3}")
"""A word, but not the symbol of an element, as in “<sup>14</sup>C”."""
_LONGEST_NOTE = 8
"""Most tokens inside the element of a note."""
_BEFORE_NOTES = 8
"""Tokens to look at on each side of an element."""

TEXT = MarkupOptions("text")
"""Plain text."""


class Elements:
    """The elements of a list of tokens."""

    def __init__(self, tokens: Sequence[Token], options: MarkupOptions) -> None:
        self._with_attributes = options.with_attributes
        self._tokens, self._is_html = tokens, options.format == "html"
        self._has_blocks = options.format != "xml"
        self._splitting, self._non_splitting, self._ignored = (
            frozenset(map(str.lower, names)) if self._has_blocks else names
            for names in (options.splitting, options.non_splitting, options.ignored)
        )
        self.ends: dict[int, int] = {}
        """For the index of each start tag, that of the token after the content of its element."""
        self.counterparts: dict[int, int] = {}
        """For the index of each start tag that has an end tag, the index of that tag."""
        self.empty: set[int] = set()
        """The start tags of elements that cannot have any content."""
        self._parents: dict[int, int] = {}
        self._with_text: set[int] = set()
        """The elements that directly contain text; -1 stands for what contains all."""
        self._match()
        self._split = self._find_structure() if not self._has_blocks and options.finds_structure else set()
        self._split |= {self.counterparts[one] for one in self._split if one in self.counterparts}

    def ends_sentence(self, index: int) -> bool:
        """Whether the tag at an index ends a sentence."""
        name = self._tokens[index].value
        if name in self._non_splitting:
            return False
        return name in self._splitting or (name in BLOCKS if self._has_blocks else index in self._split)

    def stays_untranslated(self, index: int) -> bool:
        """Whether the element that starts at an index is to be copied whole."""
        name = self._tokens[index].value
        if self._is_html and name in _UNTRANSLATED and not (name == "title" and self._with_attributes):
            return True
        return self.is_excluded(index)

    def is_note(self, index: int) -> bool:
        """Whether the element that starts at an index is the number of a note, directly beside a word."""
        end = self.counterparts.get(index)
        is_candidate = self._is_html and self._tokens[index].value in ("a", "sup")
        if not is_candidate or end is None or end - index > _LONGEST_NOTE:
            return False
        inside = self._tokens[index + 1 : end]
        text = "".join(token.value for token in inside if token.kind == "text")
        return (
            all(token.kind == "text" or token.value in _NOTE_TAGS for token in inside)
            and _NOTE.fullmatch(text.strip()) is not None
            and (_BEFORE_NOTE.search(self._text_before(index)) is not None or self._begins_block(index, end))
        )

    def _begins_block(self, index: int, end: int) -> bool:
        """Whether an element begins its block and a word follows directly, as in `<p><sup>1</sup>Once`."""
        for place in range(index - 1, max(-1, index - 1 - _BEFORE_NOTES), -1):
            token = self._tokens[place]
            if token.kind == "text" and token.value.strip():
                return False
            if token.kind in ("start", "end") and self.ends_sentence(place):
                after = (
                    token for token in self._tokens[end + 1 : end + 1 + _BEFORE_NOTES] if token.kind != "end"
                )
                following = next(after, None)
                return following is not None and _AFTER_NOTE.match(following.value) is not None
        return False

    def _text_before(self, index: int) -> str:
        """Return the last characters before a start tag, up to another one."""
        text = ""
        for token in reversed(self._tokens[max(0, index - _BEFORE_NOTES) : index]):
            if token.kind not in ("text", "end"):
                break
            text = token.value + text if token.kind == "text" else text
        return text

    def is_excluded(self, index: int) -> bool:
        """Whether the author or the caller has excluded the element that starts at an index from translation."""
        token = self._tokens[index]
        if token.value in self._ignored or token.attributes.get("translate", "").lower() == "no":
            return True
        return self._is_html and "notranslate" in token.attributes.get("class", "").split()

    def _match(self) -> None:
        """Match the tags; each end tag closes the innermost element of its name, and those inside it."""
        opened: list[int] = []
        is_open: Counter[str] = Counter()

        def end(number: int) -> str:
            index = opened.pop()
            self.ends[index] = number
            name = self._tokens[index].value
            is_open[name] -= 1
            return name

        for number, token in enumerate(self._tokens):
            if token.kind == "start":
                while opened and self._is_ended(self._tokens[opened[-1]].value, token.value):
                    end(number)
                self._parents[number] = opened[-1] if opened else -1
                if token.is_closed or (self._is_html and token.value in _VOID):
                    self.ends[number] = number + 1
                    self.empty.add(number)
                else:
                    opened.append(number)
                    is_open[token.value] += 1
            elif token.kind == "end" and is_open[token.value]:
                while True:
                    index = opened[-1]
                    if end(number) == token.value:
                        break
                self.counterparts[index] = number
            elif token.kind == "entity" or (token.kind == "text" and not token.value.isspace()):
                self._with_text.add(opened[-1] if opened else -1)
        while opened:
            end(len(self._tokens))

    def _is_ended(self, name: str, by: str) -> bool:
        """Whether an element without an end tag ends where another begins."""
        return self._is_html and by in _ENDED_BY and (name == "p" or name in _ENDED_BY[by])

    def _find_structure(self) -> set[int]:
        """Return the elements of XML whose siblings are all elements, as are those of the elements around them.

        This is what DeepL calls outline detection.
        """
        found: set[int] = set()
        for index, parent in self._parents.items():  # parents come first
            if parent not in self._with_text and (parent == -1 or parent in found):
                found.add(index)
        return found
