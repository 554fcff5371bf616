"""A glossary: the German that a translation must use for given English terms.

    glossary = Glossary.of([("house", "Haus|Hauses|Häuser|Häusern"), ("Acme Cloud", "Acme-Wolke")])
    glossary.find("Houses in the Acme Cloud")  # Houses as Haus, Acme Cloud as Acme-Wolke

The German may list forms with `|` between them, in the order of a dictionary: the nominative, the genitive, the plural.
The first one, or that of the plural, is written if none of them comes by itself.
`translator.text.glossary_files` reads glossaries, and `translator.text.term_forms` finds their German in translations.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from translator.errors import InputError
from translator.text.marks import MARK_RANGE
from translator.text.places import Place
from translator.text.stand_ins import STAND_IN_RANGE

MAX_TERM_BYTES = 1024
"""In UTF-8, of each side of an entry; as in DeepL's API."""
MAX_TERM_WORDS = 64
"""Words and signs in the English of an entry: the most steps for each word of a text."""
FORM_SEPARATOR = "|"

_TOKEN = re.compile(r"[^\W_]+|[^\s]")
_BLANK = re.compile(r"[ \u00a0\u2009\u202f]+")
_BLANKS = re.compile(r"\s+")
_JOINS_BEFORE = re.compile(r"(?:[^\W_]|[^\W_][-‐‑_.&@'’])\Z")
_JOINS_AFTER = re.compile(r"[^\W_]|[+#]|[-‐‑_.&@][^\W_]|['’](?![sS](?![^\W_]))[^\W_]")
"""What makes a term part of a longer word: node.js, C#, well-being, don't. A possessive 's does not."""
_NEVER = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{MARK_RANGE}{STAND_IN_RANGE}]")
_SHORTEST_PLURAL = 3
"""Letters of a word to which a plural is formed: “a” has none that is not another word."""
_HISSING = ("s", "x", "z", "ch", "sh")
_OTHER_WORDS = frozenset({"news", "goods", "customs", "means", "thanks", "odds", "does"})
"""Words that are not the plural of the word without their last letter."""
_IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "foot": "feet", "tooth": "teeth",
    "mouse": "mice", "goose": "geese", "knife": "knives", "life": "lives", "wife": "wives", "leaf": "leaves",
    "half": "halves", "shelf": "shelves", "self": "selves", "wolf": "wolves", "thief": "thieves", "loaf": "loaves",
    "analysis": "analyses", "basis": "bases", "crisis": "crises", "index": "indices", "matrix": "matrices",
    "vertex": "vertices", "criterion": "criteria", "phenomenon": "phenomena",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of a glossary."""

    english: str
    forms: tuple[str, ...]
    """The German that a translation may use, the form to force first; unless it is one form, no other is allowed."""

    @property
    def german(self) -> str:
        """The German as it is written in a glossary: its forms with `|` between them."""
        return FORM_SEPARATOR.join(self.forms)

    def is_plural(self, text: str) -> bool:
        """Whether a text that the entry matches is the plural of its English."""
        return _BLANKS.sub(" ", text).replace("’", "'").lower() != self.english.lower()

    def form_for(self, text: str) -> str:
        """Return the form to write for a text that the entry matches."""
        return self._plural_form if self.is_plural(text) else self.forms[0]

    @property
    def _plural_form(self) -> str:
        """The first form after the nominative that is neither its genitive nor the dative of an equal plural."""
        singular, *others = self.forms
        same = {singular, f"{singular}s", f"{singular}es", f"{singular}ses"}
        if singular.endswith(("er", "el", "en")):
            same.add(f"{singular}n")
        plurals = [form for form in others if form not in same]
        is_unchanged = len(same) > 4 or not others
        return plurals[0] if plurals else singular if is_unchanged else others[-1]

    @property
    def is_cased(self) -> bool:
        """Whether it matches only as it is written, because it has capitals."""
        return self.english != self.english.lower()


@dataclass(frozen=True, slots=True)
class TermUse:
    """`text[start:end]`, which is a term, perhaps in the plural."""

    start: int
    end: int
    term: Term
    german: str
    """The form to write."""


@dataclass(slots=True)
class _Node:
    """A place in the tree of terms, token by token."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    """By the next token in lower case, with a space before it if the term has one there."""
    cased: dict[str, Term] = field(default_factory=dict)
    """Terms with capitals that end here, as they are written."""
    uncased: Term | None = None
    """The term in lower case that ends here, which matches in any case."""


@dataclass(frozen=True)
class Glossary:
    """Terms and their German. Hashable, so that it can be part of a key."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Build a glossary from pairs of English and German; raises InputError that names the pair that is wrong."""
        return cls.of_entries((f"entry {number}", *pair) for number, pair in enumerate(pairs, start=1))

    @classmethod
    def of_entries(cls, entries: Iterable[tuple[str, str, str]]) -> Self:
        """Build a glossary from a place for error messages, the English and the German of each entry.

        Raises InputError on an empty side, a control character, a side that is too long, and a term that occurs twice.
        """
        terms, places = list[Term](), dict[str, str]()
        for place, english, german in entries:
            term = _checked(place, english, german)
            if term.english in places:
                raise InputError(
                    f"{place}: {_shown(term.english)} has German already, in {places[term.english]}; give each term "
                    "one entry, with | between its forms"
                )
            places[term.english] = place
            terms.append(term)
        return cls(tuple(terms))

    def __len__(self) -> int:
        return len(self.terms)

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        return {"terms": self.terms}  # string hashes and thus `_hash` differ between processes

    @cached_property
    def _hash(self) -> int:
        return hash(self.terms)

    def find(self, text: str, *, in_any_case: bool = False) -> list[TermUse]:
        """Return the terms in a text, in order and disjoint, the longest at each place.

        A term in lower case matches in any case, one with capitals only as it is written, unless `in_any_case`. The
        last word may be a plural or a possessive. Part of a word, such as “well” in “well-being”, is no match.
        Takes linear time in the length of the text, whatever the number of terms.
        """
        tokens = [token.span() for token in _TOKEN.finditer(text)] if self.terms else []
        found, free = list[TermUse](), 0
        for number, (start, end) in enumerate(tokens):
            node = self._tree.following.get(text[start:end].lower()) if start >= free else None
            if node is not None and not _JOINS_BEFORE.search(text, max(0, start - 2), start):
                use = _longest(text, tokens, number, node, in_any_case)
                if use is not None:
                    found.append(use)
                    free = use.end
        return found

    @cached_property
    def _tree(self) -> _Node:
        root = _Node()
        for term in self.terms:
            _add(root, term.english, term)
        for term in self.terms:  # a term that is given comes before one that is derived
            for plural in _plurals(term.english):
                _add(root, plural, term)
        return root


def _checked(place: str, english: str, german: str) -> Term:
    """Return an entry; raises InputError if it cannot be used."""
    sides = {"English": english.strip(), "German": german.strip()}
    for name, side in sides.items():
        if not side:
            raise InputError(f"{place}: the {name} is empty; give both, or leave the entry out")
        if bad := _NEVER.search(side):
            raise InputError(
                f"{place}: the {name} has the character U+{ord(bad[0]):04X}, which no text contains; remove it"
            )
        if len(side.encode()) > MAX_TERM_BYTES:
            raise InputError(
                f"{place}: the {name} has {len(side.encode())} bytes; a term may have {MAX_TERM_BYTES}. Shorten it"
            )
    words = len(_TOKEN.findall(sides["English"]))
    if words > MAX_TERM_WORDS:
        raise InputError(
            f"{place}: the English has {words} words and signs; a term may have {MAX_TERM_WORDS}. Shorten it"
        )
    forms = tuple(" ".join(form.split()) for form in sides["German"].split(FORM_SEPARATOR))
    if not all(forms):
        raise InputError(
            f"{place}: {_shown(german)} has an empty form; write one form, or several with | between them"
        )
    return Term(_BLANKS.sub(" ", sides["English"]).replace("’", "'"), tuple(dict.fromkeys(forms)))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _add(root: _Node, english: str, term: Term) -> None:
    node, position = root, 0
    for token in _TOKEN.finditer(english):
        blank = " " if token.start() > position else ""
        node = node.following.setdefault(blank + token[0].lower(), _Node())
        position = token.end()
    if term.is_cased:
        node.cased.setdefault(english, term)
    elif node.uncased is None:
        node.uncased = term


def _plurals(english: str) -> Iterator[str]:
    """Yield the plural of a term's last word."""
    last = re.search(r"[^\W\d_]+\Z", english)
    if last is None or len(last[0]) < _SHORTEST_PLURAL:
        return
    before, word = english[: last.start()], last[0]
    small = word.lower()
    if small in _IRREGULAR:
        yield before + word[0] + _IRREGULAR[small][1:]
    if small.endswith("y") and small[-2] not in "aeiou" and not word.isupper():
        yield f"{before}{word[:-1]}ies"
    elif small.endswith(_HISSING) and not word.isupper():
        yield f"{before}{word}es"
    elif f"{small}s" not in _OTHER_WORDS:
        yield f"{before}{word}s"
        if small.endswith("o"):
            yield f"{before}{word}es"


def _longest(text: str, tokens: list[Place], number: int, node: _Node, in_any_case: bool) -> TermUse | None:
    """Return the longest term that starts with a token; `node` is the place in the tree after that token."""
    start, end = tokens[number]
    surface, found = text[start:end], None
    while True:
        if (term := _ending_at(node, surface, in_any_case)) and not _JOINS_AFTER.match(text, end):
            found = TermUse(start, end, term, term.form_for(text[start:end]))
        number += 1
        if number == len(tokens) or not node.following:
            return found
        next_start, next_end = tokens[number]
        gap = text[end:next_start]
        if gap and not _BLANK.fullmatch(gap):
            return found
        token = (" " if gap else "") + text[next_start:next_end].replace("’", "'")
        following = node.following.get(token.lower())
        if following is None:
            return found
        node, end = following, next_end
        surface += token


def _ending_at(node: _Node, surface: str, in_any_case: bool) -> Term | None:
    if surface in node.cased:
        return node.cased[surface]
    return node.uncased or (next(iter(node.cased.values()), None) if in_any_case else None)
