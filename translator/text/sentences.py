"""Split text into sentences and long sentences into pieces, and rejoin translations with the original whitespace."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import chain

import sentencex

from translator.errors import ConfigError
from translator.text.normalisation import refuse_surrogates

# The splitter pairs quotation marks in quadratic time, so its input must be bounded; few sentences are
# longer than this.
_WINDOW_CHARACTERS = 1000

_CELL = re.compile(r"(?:[^|\t\n\r\v\f\x85\u2028\u2029]++|(?<=\S)\||\|(?=\S))++")
"""A part of a line between tabs, or between bars with spaces around them, as in “Home | Contact”."""
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]")
_QUOTES = dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‘’‚‛‹›", "'")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")  # else the splitter takes two of them for a quotation

# Unicode's Emoji property without characters that are text unless a variation selector follows (digits, ©, ™,
# arrows, ♀, ♾, ✖), and with room for future emoji.
PICTOGRAPH = (
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2600-\u2604\u260e\u2611\u2614\u2615\u2618\u261d\u2620"
    "\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2648-\u2653\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267f"
    "\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8\u26ce"
    "\u26cf\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712\u2714"
    "\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27b0\u27bf"
    "\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f250\U0001f251\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7f0\U0001f90c-\U0001f9ff"
    "\U0001fa70-\U0001faff]"
)
_SYMBOL = r"(?!\w)[\xa9\xae\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299]"  # \w: "ℹ" counts as a letter
_EMOJI = rf"(?:{PICTOGRAPH}|{_SYMBOL}\ufe0f|[0-9#*]\ufe0f?\u20e3)"
# Accents, joiners, variation selectors, keycaps and tags of regional flags; skin tones are pictographs.
_EMOJI_TAIL = "[\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f\U000e0020-\U000e007f]"
# Group 1 is the emoji; the punctuation after them belongs to neither sentence.
_EMOJI_RUN = re.compile(
    rf"({_EMOJI}(?:{_EMOJI}|{_EMOJI_TAIL}|(?<=\u200d){_SYMBOL}|\s++(?={_EMOJI}))*+)"
    r"(?:[.,;:!?…)\]\"'”’]++(?=\s|\Z))?"
)

# "approx. 5", "incl. 19 %", "e.g. Paris"; then abbreviations that end a sentence only before a capital.
_NEVER_LAST = re.compile(r"(?<!\w)(?:approx|incl|excl|viz|cf|vs|e\.g|i\.e)\.\s*\Z", re.IGNORECASE)
_SELDOM_LAST = re.compile(
    r"(?<!\w)(?:esp|resp|max|min|avg|est|ext|tel|dept|oz|lbs?|tbsp|tsp|doz|ft|pt|qt|gal|hrs?|mins|secs?)\.\s*\Z"
    r"|(?<!\w)(?-i:(?:Mon|Tues?|Weds?|Thu(?:rs?)?|Fri|Sat|Sun|MON|TUES?|WEDS?|THU(?:RS?)?|FRI|SAT|SUN)\.\s*\Z)",
    re.IGNORECASE,
)
# "Ms. Young", but not "5 ms. Then"; "vol. 3", but not "the volume. He"; "5 p.m. Monday", but not "5 p.m. We".
_TITLE = re.compile(r"(?<!\w)(?<!\d[ \u00a0])(?:M[sx]|Messrs|Mmes?|Mlles?|M[SX])\.\s*\Z")
_BEFORE_NUMBER = re.compile(
    r"(?<!\w)(?:nos?|vols?|chs?|chap|eqs?|figs?|pp?|art|secs?|sect|para|ver)\.\s*\Z", re.IGNORECASE
)
_NUMBER = re.compile(r"\s*(?:\d|[IVXLC]+\b(?!['’])|[ivxlc]+\b)")
_BEFORE_CODE = re.compile(r"(?:(?<!\w)no|(?<=[\w)] )N[oO])\.\s*\Z")
_CODE = re.compile(r"\s*[A-Z]{1,6}[-/]?\d")
_HALF_OF_DAY = re.compile(r"\d[ \u00a0]?[ap]\.?[ \u00a0]?m\.\s*\Z", re.IGNORECASE)
_DAY = re.compile(
    r"\s*(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:[ECMP][SD]?T|GMT|UTC|BST|CES?T)\b"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d)"
)
# An answer, not a number's label: “Is it far? No. 5 minutes.”
_ANSWER = re.compile(r"(?<=[?!] )N[oO]\.\s+(?=\S)")
_ITEM = re.compile(r"(?<!\S)(?P<number>\d{1,2})\.\s*\Z")
_REMARK = re.compile(
    r"\s*(?:\[(?=[^\]]*[^\W\d_]{2})[^\[\]\n]{2,80}\]|\((?=[^)]*[^\W\d_]{2})[^()\n]{2,80}\))\s+(?=[\"“'‘]?[A-Z])"
)
"""A remark in brackets before a sentence, as in “[door slams] Come in!”; a model may take it for noise."""
_LONGEST_ITEM = 6  # with the spaces after it
_LONGEST_ABBREVIATION = 12  # with the spaces after it

# Whitespace must follow, except after a dash: the comma in "1,000" and the colon in "10:30" do not end a clause.
_CLAUSE_END = re.compile(r"[;:,–—][\"'”’)\]]*(?=\s)|—(?=\S)")
_SPACES = re.compile(r"\s+")

_MAX_GRAPHEME_CHARACTERS = 64  # more than any emoji or script needs; stacked accents ("zalgo") have no bound
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)  # two of them make one flag
_EMOJI_EXTENDERS = (range(0x1F3FB, 0x1F400), range(0xE0020, 0xE0080))  # skin tones; tags of regional flags
_HANGUL_TAILS = range(0x1160, 0x1200)  # conjoining vowels and final consonants
_ZERO_WIDTH_JOINER = "\u200d"


CountTokens = Callable[[int, int], int]
"""Returns the number of tokens in the part of a text between two offsets."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of a part of a text: `text[start:end]` is not empty and has no surrounding whitespace."""

    start: int
    end: int


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of an English text, in order and disjoint, covering everything but whitespace and bars.

    A line break, a tab, or a bar with spaces around it (“Home | Contact”) always ends a sentence. Within a line, a
    sentence ends where sentencex says so and whitespace follows, so that addresses, file names and code stay whole. A
    run of emoji, including spaces in it, splits the sentence and becomes its own span, since it must be copied; so does
    punctuation after it. Blank text has no sentences.

    Raises InputError on a lone surrogate.
    """
    refuse_surrogates(text)
    ascii_text = _NOT_PRINTABLE_ASCII.sub(lambda match: _ascii_stand_in(match[0]), text)
    ascii_text = _APOSTROPHE.sub("_", ascii_text)
    spans: list[Span] = []
    for cell in _CELL.finditer(text):
        start = cell.start()
        for end in _span_ends(ascii_text, text, cell.start(), cell.end()):
            spans.extend(_trimmed(text, start, end))
            start = end
    return spans


def find_emoji(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of emoji in a text, including spaces between the emoji of a run."""
    return (match.span(1) for match in _EMOJI_RUN.finditer(text))


def split_long(text: str, span: Span, count_tokens: CountTokens, max_tokens: int) -> list[Span]:
    """Split a sentence of more than `max_tokens` tokens into pieces of similar size within that limit.

    Each cut is near the target size: after clause punctuation, else at whitespace, else between two graphemes.
    `count_tokens(start, end)` counts the tokens of `text[start:end]`; it is called a few times per piece, on about
    a piece's length. Only a single character can exceed the limit.

    Raises ConfigError if `max_tokens` is below 1.
    """
    if max_tokens < 1:
        raise ConfigError(f"max_tokens is {max_tokens}; it must be 1 or more. Give the model's source limit.")
    rest = span
    remaining = count_tokens(rest.start, rest.end)
    pieces: list[Span] = []
    while remaining > max_tokens and rest.end - rest.start > 1:
        cut, used = _cut_piece(text, rest, remaining, count_tokens, max_tokens)
        pieces.extend(_trimmed(text, rest.start, cut))
        rest = Span(_skip_whitespace(text, cut, rest.end), rest.end)
        remaining -= used
        if remaining <= 2 * max_tokens:  # the estimate is inexact, which matters near the end
            remaining = count_tokens(rest.start, rest.end)
    return [*pieces, rest]


def rejoin(text: str, spans: Sequence[Span], translations: Sequence[str]) -> str:
    """Return `text` with each span replaced by its translation and everything between them unchanged.

    The spans must be in order and disjoint, as `split_sentences` and `split_long` return them. Raises
    ValueError if the numbers of spans and translations differ.
    """
    parts: list[str] = []
    position = 0
    for span, translation in zip(spans, translations, strict=True):
        parts += text[position : span.start], translation
        position = span.end
    return "".join(parts) + text[position:]


@lru_cache(maxsize=4096)
def _ascii_stand_in(character: str) -> str:
    r"""Return the ASCII character that is equivalent for a sentence splitter.

    sentencex panics on some multi-byte characters ("a\u3000." is enough) with an exception that is not a subclass
    of `Exception`. ASCII cannot trigger this, so the splitter gets ASCII, one character for each.
    """
    category = unicodedata.category(character)
    if character.isspace() or category in ("Cc", "Cf"):
        return " "
    by_category = {"Lu": "A", "Lt": "A", "Ll": "a", "Mn": "a", "Mc": "a", "Nd": "1"}
    return _QUOTES.get(character) or by_category.get(category, "_")


def _span_ends(ascii_text: str, text: str, start: int, end: int) -> Iterator[int]:
    """Yield the ends of sentences and runs of emoji in the line `text[start:end]`, in order."""
    for run in _EMOJI_RUN.finditer(text, start, end):
        yield from _all_ends(ascii_text, text, start, run.start())
        yield from (run.start(), run.end(1), run.end())
        start = run.end()
    yield from _all_ends(ascii_text, text, start, end)
    yield end


def _all_ends(ascii_text: str, text: str, start: int, end: int) -> Iterator[int]:
    """Yield the ends of sentences and numbers of items in `text[start:end]`, which is part of one line, in order."""
    answers = (match.end() for match in _ANSWER.finditer(text, start, end))
    ends = _with_items(text, start, _sentence_ends(ascii_text, text, start, end))
    return _with_remarks(text, start, end, merge(ends, answers))


def _with_remarks(text: str, start: int, end: int, ends: Iterable[int]) -> Iterator[int]:
    """Yield the ends, and also those of remarks in brackets at the start of a sentence."""
    for sentence_end in chain(ends, (end,)):
        remark = _REMARK.match(text, start, sentence_end)
        if remark and remark.end() < sentence_end:
            yield remark.end()
        if sentence_end < end:
            yield sentence_end
        start = sentence_end


def _with_items(text: str, start: int, ends: Iterable[int]) -> Iterator[int]:
    """Yield the ends and also those before the next number of a list within a line: “1. Wash 2. Dry 3. Iron”."""
    last_item = 0
    for end in ends:
        item = _ITEM.search(text, max(start, end - _LONGEST_ITEM), end)
        is_next = item is not None and int(item["number"]) == last_item + 1
        if item and is_next and (last_item or not text[start : item.start()].strip()):
            last_item += 1
            yield item.start()
        yield end
        start = end


def _sentence_ends(ascii_text: str, text: str, start: int, end: int) -> Iterator[int]:
    """Yield the ends of sentences in `text[start:end]`, which is part of one line, except `end` itself."""
    done = start
    while start < end:
        window_end = _window_end(ascii_text, start, end)
        ends = []
        position = start
        for sentence in sentencex.segment("en", ascii_text[start:window_end])[:-1]:
            position += len(sentence)
            is_between_words = text[position - 1].isspace() or text[position].isspace()
            if position > done and is_between_words and not _is_abbreviation(text, position):
                ends.append(position)
        yield from ends
        if window_end == end:
            return
        done = ends[-1] if ends else done
        start = _next_window(ascii_text, start, window_end, done)


def _is_abbreviation(text: str, position: int) -> bool:
    """Whether the word before this position is an abbreviation that does not end a sentence."""
    before = text[max(0, position - _LONGEST_ABBREVIATION) : position]
    if _NEVER_LAST.search(before) or _TITLE.search(before):
        return True
    if _NUMBER.match(text, position) and _BEFORE_NUMBER.search(before):
        return True
    if _CODE.match(text, position) and _BEFORE_CODE.search(before):
        return True
    if _DAY.match(text, position) and _HALF_OF_DAY.search(before):
        return True
    following = text[position : position + 2].lstrip()[:1]
    return bool(_SELDOM_LAST.search(before)) and not following.isupper()


def _window_end(ascii_text: str, start: int, end: int) -> int:
    """Return the end of the window that starts at `start`, between two words if possible."""
    if end - start <= _WINDOW_CHARACTERS:
        return end
    limit = start + _WINDOW_CHARACTERS
    return 1 + ascii_text.rfind(" ", start + _WINDOW_CHARACTERS // 2, limit) or limit


def _next_window(ascii_text: str, start: int, window_end: int, last_sentence_end: int) -> int:
    """Return the next start: the sentence that the window cut off or, if that is long, its last word.

    The last word is read again, since whether a sentence ends after it depends on the next word.
    """
    if last_sentence_end - start >= _WINDOW_CHARACTERS // 2:
        return last_sentence_end
    last_word = ascii_text[start:window_end].rstrip().rfind(" ") + 1
    return start + last_word if last_word >= _WINDOW_CHARACTERS // 4 else window_end


def _skip_whitespace(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    """Return the span of `text[start:end]` without surrounding whitespace, or no span if nothing is left."""
    start = _skip_whitespace(text, start, end)
    while end > start and text[end - 1].isspace():
        end -= 1
    return [Span(start, end)] if start < end else []


def _cut_piece(
    text: str, rest: Span, remaining: int, count_tokens: CountTokens, max_tokens: int
) -> tuple[int, int]:
    """Return the end of the first piece of `rest` and its tokens; `remaining` estimates the tokens of `rest`."""
    start = rest.start
    guess = (rest.end - start) * max_tokens // remaining
    length, tokens = _fitting_length(rest, guess, count_tokens, max_tokens)
    pieces = -(-remaining // max_tokens)
    wanted = remaining // pieces  # pieces of equal size, not full ones and a scrap
    aim = start + max(1, min(length, length * wanted // max(tokens, 1)))
    limit = start + length
    while True:
        cut = _best_cut(text, start, aim, limit)
        tokens = count_tokens(start, cut)
        if tokens <= max_tokens or cut - start == 1:
            return cut, tokens
        # A shorter prefix may have more tokens: half a word may have more than the word.
        limit = start + max(1, (cut - start) * 9 // 10)
        aim = min(aim, limit)


def _fitting_length(rest: Span, guess: int, count_tokens: CountTokens, max_tokens: int) -> tuple[int, int]:
    """Return a length that fits and its tokens, at least half of `max_tokens` if possible.

    It is less than the length of `rest`, so that the remainder is never empty.
    """
    room = rest.end - rest.start - 1
    fitting: tuple[int, int] | None = None
    length = guess
    while True:
        length = max(1, min(length, room))
        tokens = count_tokens(rest.start, rest.start + length)
        if tokens > max_tokens and fitting:
            return fitting
        if tokens > max_tokens and length > 1:
            length = length * max_tokens * 9 // (tokens * 10)
        elif 2 * tokens >= max_tokens or length == room:
            return length, tokens
        else:
            fitting = length, tokens
            length *= 2


def _best_cut(text: str, start: int, aim: int, limit: int) -> int:
    """Return the best place to cut near `aim`, after `start` and up to `limit`, which is before the end."""
    half = start + (aim - start) // 2
    clauses = [match.end() for match in _CLAUSE_END.finditer(text, half, limit + 1)]
    places = clauses or [match.start() for match in _SPACES.finditer(text, start, limit + 1)]
    if places:
        return min(places, key=lambda place: abs(place - aim))
    return _grapheme_cut(text, start, aim, limit)


def _grapheme_cut(text: str, start: int, aim: int, limit: int) -> int:
    """Return the nearest place to `aim` that splits no accent, emoji or flag, or `aim` if none is close."""
    before = range(aim, max(start, aim - _MAX_GRAPHEME_CHARACTERS), -1)
    after = range(aim + 1, min(limit, aim + _MAX_GRAPHEME_CHARACTERS) + 1)
    return next((cut for cut in (*before, *after) if not _inside_grapheme(text, cut)), aim)


def _inside_grapheme(text: str, cut: int) -> bool:
    """Whether `text[cut]` belongs to the same grapheme as `text[cut - 1]`."""
    character = text[cut]
    code = ord(character)
    if code in _REGIONAL_INDICATORS:
        first = cut
        while first > max(0, cut - _MAX_GRAPHEME_CHARACTERS) and ord(text[first - 1]) in _REGIONAL_INDICATORS:
            first -= 1
        return (cut - first) % 2 == 1
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or _ZERO_WIDTH_JOINER in (character, text[cut - 1])
        or any(code in extenders for extenders in _EMOJI_EXTENDERS)
        or code in _HANGUL_TAILS
    )
