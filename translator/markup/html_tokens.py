"""Split HTML into tokens as browsers do, however broken it is.

The tokenizer is that of tinyhtml5, which follows the WHATWG's standard and is maintained with WeasyPrint. It keeps no
positions, so this module adds them. The alternatives have been tried on 131,072 characters. selectolax and lxml give no
positions. tree-sitter-html gives them, but hangs on a run of `<!--`. So does Python's `html.parser` before 3.11.14 (and
on `<a `), and other versions of Python split differently. tinyhtml5 itself takes quadratic time for very long names,
comments and lists of attributes; `_Tokenizer` keeps only their start.
"""

from collections.abc import Iterator
from typing import Any

from tinyhtml5.constants import Token as Kind
from tinyhtml5.inputstream import HTMLUnicodeInputStream
from tinyhtml5.tokenizer import HTMLTokenizer

from translator.markup.tokens import Token
from translator.text.places import Place

KEPT_CHARACTERS = 4_000
"""How much is kept of a name, a value or a comment. No attribute that matters is longer."""


def html_tokens(markup: str, *, is_xml: bool = False) -> Iterator[Token]:
    """Yield the tokens of HTML in order, without gaps. With `is_xml`, no element has a content model of its own."""
    tokenizer = _Tokenizer(markup, is_xml)
    start, going = 0, True
    while going:
        going = tokenizer.state()
        found = [one for one in tokenizer.take() if one["type"] != Kind.PARSE_ERROR]
        end = tokenizer.stream.chunk_offset
        if found:
            yield _token(found, start, end, tokenizer.take_values())
            start = end
            if found[-1]["type"] == Kind.START_TAG:
                tokenizer.enter(found[-1]["name"])
        elif end > start and (
            not going or tokenizer.is_between_tokens
        ):  # such as `</>`, or a tag without an end
            yield Token("other", start, end)
            start = end


def text_of_html(markup: str) -> str:
    """Return the text of HTML, with spaces in place of tags."""
    return "".join(one.value if one.kind == "text" else " " for one in html_tokens(markup))


def _token(found: list[dict[str, Any]], start: int, end: int, values: dict[str, Place]) -> Token:
    first = found[0]
    match first["type"]:
        case Kind.START_TAG:
            return Token("start", start, end, first["name"], first["data"], values, first["selfClosing"])
        case Kind.END_TAG:
            return Token("end", start, end, first["name"])
        case Kind.CHARACTERS | Kind.SPACE_CHARACTERS:
            return Token("text", start, end, "".join(one["data"] for one in found))
    return Token("other", start, end)


class _Start(str):
    """A string to which characters may be added for ever; it keeps only the first ones."""

    __slots__ = ()

    def __add__(self, more: str) -> "_Start":
        return self if len(self) > KEPT_CHARACTERS else _Start(str(self) + more)


class _Attributes(list[list[str]]):
    """The attributes of a tag. The tokenizer looks for duplicates among `[:-1]` only to report them."""

    def append(self, attribute: list[str]) -> None:
        super().append([_Start(part) for part in attribute])

    def __getitem__(self, place: Any) -> Any:
        return () if place == slice(None, -1) else super().__getitem__(place)


class _WholeText(HTMLUnicodeInputStream):  # type: ignore[misc]  # has no annotations
    """A stream that holds the text as one chunk, so that `chunk_offset` is the position in it."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self.chunk = text.replace("\r", "\n")  # of the same length, unlike what the stream would do
        self.chunk_size = len(text)

    def read_chunk(self) -> bool:
        self.chunk_offset = self.chunk_size
        return False


class _Tokenizer(HTMLTokenizer):  # type: ignore[misc]  # has no annotations
    """tinyhtml5's tokenizer, without its parser."""

    def __init__(self, markup: str, is_xml: bool) -> None:
        super().__init__("")
        self.stream = _WholeText(markup)
        self.token_queue: list[dict[str, Any]] = []
        self._is_xml = is_xml
        self._values: dict[str, Place] = {}
        self._value_start = 0

    def take(self) -> list[dict[str, Any]]:
        """Return the tokens of the last step."""
        taken, self.token_queue = self.token_queue, []
        return taken

    def take_values(self) -> dict[str, Place]:
        """Return the places of the values of the last tag; of equal attributes, the first one counts."""
        taken, self._values = self._values, {}
        return taken

    @property
    def is_between_tokens(self) -> bool:
        return bool(self.state == self.data_state)

    def enter(self, name: str) -> None:
        """Read the content of an element as the parser would; see the standard, 13.2.6."""
        states = {
            "script": self.script_data_state,
            "title": self.rcdata_state,
            "textarea": self.rcdata_state,
            "plaintext": self.plaintext_state,
            **dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), self.rawtext_state),
        }
        if not self._is_xml and name in states:
            self.state = states[name]

    @property
    def temporary_buffer(self) -> str:
        return self._buffer

    @temporary_buffer.setter
    def temporary_buffer(self, text: str) -> None:
        self._buffer = _Start(text)

    def parse_error(self, _data: str, **_more: object) -> None:
        """Ignore errors: browsers do."""

    def tag_open_state(self) -> bool:
        return self._with_bounded_names(super().tag_open_state())

    def close_tag_open_state(self) -> bool:
        return self._with_bounded_names(super().close_tag_open_state())

    def _with_bounded_names(self, going: bool) -> bool:
        if self.state == self.tag_name_state:
            self.current_token["name"] = _Start(self.current_token["name"])
            self.current_token["data"] = _Attributes()
        return going

    def before_attribute_value_state(self) -> bool:
        going = bool(super().before_attribute_value_state())
        is_unquoted = self.state == self.attribute_value_unquoted_state
        self._value_start = self.stream.chunk_offset - is_unquoted
        return going

    def attribute_value_double_quoted_state(self) -> bool:
        return self._with_value(super().attribute_value_double_quoted_state())

    def attribute_value_single_quoted_state(self) -> bool:
        return self._with_value(super().attribute_value_single_quoted_state())

    def attribute_value_unquoted_state(self) -> bool:
        attributes = self.current_token["data"]
        return self._with_value(super().attribute_value_unquoted_state(), attributes)

    def _with_value(self, going: bool, attributes: Any = None) -> bool:
        is_over = self.state in (
            self.after_attribute_value_state,
            self.before_attribute_name_state,
            self.data_state,
        )
        if is_over:
            name = str((attributes or self.current_token["data"])[-1][0])
            self._values.setdefault(name, (self._value_start, self.stream.chunk_offset - 1))
        return going

    def markup_declaration_open_state(self) -> bool:
        going = bool(super().markup_declaration_open_state())
        if self.state == self.comment_start_state:
            self.current_token["data"] = _Start("")
        elif self.state == self.doctype_state:  # ends at the first `>`, too, and nobody needs its parts
            self.state = self.bogus_comment_state
        return going

    def consume_number_entity(self, is_hex: bool) -> str:
        try:
            return str(super().consume_number_entity(is_hex))
        except ValueError:  # more digits than Python converts
            last = self.stream.chunk[self.stream.chunk_offset - 1]
            if last != ";" and not last.isdigit():  # it was read to find the end
                self.stream.chunk_offset -= 1
            return "\ufffd"
