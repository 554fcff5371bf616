"""Normalise text for the model: NFC, single spaces, no invisible characters."""

import re
import unicodedata

from translator.errors import InputError

SURROGATE = re.compile("[\ud800-\udfff]")
# Cutting before an ASCII character does not change the NFC. After 1,000 other characters, cut anywhere.
_NFC_PART = re.compile(r"[\s\S]{1,1000}(?=[\x00-\x7f]|\Z)|[\s\S]{1,1000}")
# Control characters that are not whitespace, soft hyphen, zero-width spaces, word joiner, invisible
# operators, byte order mark, bidirectional and deprecated formatting controls, interlinear annotation.
_JUNK = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)
# Joiners hold emoji together and shape letters of Indic and Arabic scripts; elsewhere they are junk.
_JOINERS = "\u200c\u200d"
_JOINED = "[\u0590-\u1dff\u20d0-\u20ff\u2190-\u2bff\u2e80-\u2fff\u3001-\U0010ffff]"
_STRAY_JOINERS = re.compile(
    f"(?<![\u200c\u200d])(?:(?<!{_JOINED})[\u200c\u200d]++|[\u200c\u200d]++(?!{_JOINED}))"
)


def normalise(sentence: str) -> str:
    """Return a sentence as the model expects it: NFC, single spaces, no invisible characters.

    Each run of whitespace becomes one space. Control characters, zero-width characters, soft hyphens and
    bidirectional controls are dropped. Joiners stay inside emoji and in scripts that need them; variation
    selectors stay. The result may be empty. Raises InputError on a lone surrogate.
    """
    if sentence.isascii() and sentence.isprintable():
        return " ".join(sentence.split())
    refuse_surrogates(sentence)
    visible = _STRAY_JOINERS.sub("", _JUNK.sub("", _composed(sentence)))
    # A dropped character may have separated an accent from its letter.
    return " ".join(_composed(visible).split())


def normalise_with_origins(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    """Return `normalise(sentence)`, and for each of its characters the start and end of its origin in the sentence.

    A space has the position of the first whitespace character it replaces.
    """
    normalised = normalise(sentence)
    if normalised == sentence:
        return normalised, [(place, place + 1) for place in range(len(sentence))]
    # Decomposed, both have the same characters in order, except the order of a letter's accents and dropped ones.
    wanted = [(part, owner) for owner, character in enumerate(normalised) for part in _parts(character)]
    starts, ends = [len(sentence)] * len(normalised), [0] * len(normalised)
    done = 0
    for place, character in enumerate(sentence):
        for part in _parts(character):
            if done < len(wanted) and not _is_dropped(part, wanted[done][0]):
                owner = wanted[done][1]
                starts[owner], ends[owner] = min(starts[owner], place), max(ends[owner], place + 1)
                done += 1
    assert done == len(wanted)
    return normalised, list(zip(starts, ends, strict=True))


def _parts(character: str) -> str:
    """Decompose a character into its letter and accents."""
    return unicodedata.normalize("NFD", character)


def _is_dropped(part: str, following: str) -> bool:
    """Whether normalisation drops a character, if `following` is the next character of its output."""
    if part.isspace():
        return following != " "
    return following != part if part in _JOINERS else _JUNK.match(part) is not None


def _composed(text: str) -> str:
    """Return the text in NFC, in linear time; unicodedata takes quadratic time on stacked accents."""
    return "".join(unicodedata.normalize("NFC", part) for part in _NFC_PART.findall(text))


def refuse_surrogates(text: str) -> None:
    """Raise InputError on a lone surrogate, which UTF-8 cannot encode."""
    if found := SURROGATE.search(text):
        raise InputError(
            f"the text has a lone surrogate (U+{ord(found[0]):04X}) at character {found.start()}; only "
            "Unicode characters can be translated. Send valid UTF-8; in JSON, surrogate escapes must come in pairs."
        )
