"""Moses' text processing, by sacremoses: punctuation, tokens, and text again.

sacremoses is imported when a tokenizer needs it: that takes a second, and models that were trained here do without.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from translator.data.tokenizer.rewriting import Rewriting
from translator.errors import ConfigError
from translator.text.places import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

Language = Literal["en", "de"]

_ESCAPED = re.compile(r"&(?:amp|#124|lt|gt|apos|quot|#91|#93);|.", re.DOTALL)
"""One character of a text, as a token has it."""
_UNESCAPED = {
    "&amp;": "&", "&#124;": "|", "&lt;": "<", "&gt;": ">", "&apos;": "'", "&quot;": '"', "&#91;": "[", "&#93;": "]",
}  # fmt: skip
_SPLIT_HYPHEN = "@-@"
_FARTHEST = 16
"""Where tokens and text differ, the farthest distance in characters at which to look for the next one of a token."""


def _sacremoses() -> Any:
    try:
        import sacremoses  # noqa: PLC0415 (slow, and only published weights need it)
    except ImportError as error:
        raise ConfigError(
            "this model needs the package sacremoses; pip install 'en-de-translator[published]'"
        ) from error
    return sacremoses


def punctuation_rules(language: Language, *, with_full_width: bool = False) -> list[tuple[str, str]]:
    """Return the rules of Moses' punctuation normaliser, as patterns and replacements.

    `with_full_width` adds those that replace full-width and other Unicode punctuation.
    """
    normaliser = _sacremoses().MosesPunctNormalizer(lang=language)
    before = normaliser.REPLACE_UNICODE_PUNCTUATION if with_full_width else []
    return [*before, *normaliser.substitutions]


class MosesText:
    """Splits text into Moses' tokens and joins them, as `FSMTTokenizer` of `transformers` does."""

    def __init__(self, language: Language) -> None:
        """Raise ConfigError if the package sacremoses is not installed."""
        self._rewrite = Rewriting(punctuation_rules(language, with_full_width=True))
        self._tokenizer = _fast_tokenizer_class()(lang=language)
        self._detokenizer = _sacremoses().MosesDetokenizer(lang=language)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text; special characters are escaped, and a hyphen within a word is `@-@`."""
        return self._tokens("".join(filter(_is_printable, self._rewrite(text))))

    def tokens_with_origins(self, text: str) -> Iterator[tuple[str, list[Place]]]:
        """Yield each token, and for each of its characters the start and end of its origin in the text."""
        rewritten, origins = self._rewrite.with_origins(text)
        kept = [place for place, character in enumerate(rewritten) if _is_printable(character)]
        printable = "".join(rewritten[place] for place in kept)
        position = 0
        for token in self._tokens(printable):
            places = list[Place]()
            for written, character in _characters(token):
                while printable[position : position + 1].isspace():
                    position += 1
                found = printable.find(character, position, position + _FARTHEST)
                if found < 0:
                    here = origins[kept[position - 1]][1] if position else 0
                    places += [(here, here)] * len(written)
                else:
                    places += [origins[kept[found]]] * len(written)
                    position = found + 1
            yield token, places

    def join(self, tokens: "Sequence[str]") -> str:
        """Return the text of tokens."""
        return str(self._detokenizer.detokenize(tokens))

    def _tokens(self, text: str) -> list[str]:
        tokens: list[str] = self._tokenizer.tokenize(text, aggressive_dash_splits=True)
        return tokens


def _characters(token: str) -> Iterator[tuple[str, str]]:
    """Yield each character of a token as it is written there, and as it is in a text."""
    if token == _SPLIT_HYPHEN:
        yield token, "-"
        return
    for match in _ESCAPED.finditer(token):
        yield match[0], _UNESCAPED.get(match[0], match[0])


def _is_printable(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


@cache
def _fast_tokenizer_class() -> Any:
    """Moses' tokenizer, which builds its sets of characters once; sacremoses builds them again at each full stop."""
    base: Any = _sacremoses().MosesTokenizer

    class FastTokenizer(base):  # type: ignore[misc]  # sacremoses has no annotations
        lower, alphabetic = frozenset(base.IsLower), frozenset(base.IsAlpha)

        def islower(self, text: str) -> bool:
            return self.lower.issuperset(text)

        def isanyalpha(self, text: str) -> bool:
            return not self.alphabetic.isdisjoint(text)

    return FastTokenizer
