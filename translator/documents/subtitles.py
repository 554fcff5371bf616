"""Subtitles, SubRip (.srt) and WebVTT (.vtt): each cue is a unit, or a sentence that runs over several cues.

Numbers, times, settings, comments and styles stay. Lines of a cue are joined, and broken again where they suit.
"""

import itertools
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import partial

from translator.documents.slots import Slot, SlottedText, Splice, has_content, replacing
from translator.errors import InputError
from translator.markup.units import Unit, UnitBuilder
from translator.text.encoding import EncodedText

_TIME = r"(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}"
_CUE = re.compile(
    rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\r\n]*(?:\r\n|\r|\n)(?P<text>(?:[^\r\n]*\S[^\r\n]*(?:\r\n|\r|\n|\Z))*)",
    re.MULTILINE,
)
_TAG = re.compile(r"<(?P<closes>/)?(?P<name>[A-Za-z]*)[^<>\r\n]*>|\{\\[^{}\r\n]*\}|&(?:[a-z]+|#\d+);")
_LINE = re.compile(r"[^\r\n]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SPEAKER = re.compile(r"[ \t]*(?:[-–—]\s*\w|[A-Z][A-Z0-9 .'’-]+: |\[)")
"""What begins a text of its own: a dash, a name in capitals, or a sound, as in `[door slams]`."""
_SENTENCE_END = re.compile(r"[.!?…:;♪\])\"”’'-]\s*\Z")
_MOST_CUES = 4
_LINE_CHARACTERS = 42
"""What fits into a line, by the guidelines of broadcasters."""
_LONGEST_LINE = 60
"""A cue of one line keeps one line up to this length."""
_GLUE = "\ufffe"
"""Stands for a space at which no line may be broken; it is no character, so it is in no text."""


def read_subtitles(content: bytes) -> SlottedText:
    """Read SubRip or WebVTT; raises InputError if there are no cues."""
    source = EncodedText.of(content)
    cues = [_Cue(source.text, *match.span("text")) for match in _CUE.finditer(source.text)]
    if not cues and source.text.strip() and not source.text.startswith("WEBVTT"):
        raise InputError(
            "the file has no subtitles, such as 00:00:01,000 --> 00:00:02,000; check its name's ending"
        )
    return SlottedText(source, list(_slots(cues)))


class _Cue:
    """The text of a cue."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start = start
        self.end = start + len(text[start:end].rstrip("\r\n"))
        self.written = text[start : self.end]
        self.lines = _LINE.findall(self.written)
        found = _LINE_END.search(text)
        self.line_end = found[0] if found else "\n"

    @property
    def is_plain(self) -> bool:
        """Whether it has neither tags nor speakers of its own."""
        return not _TAG.search(self.written) and not _SPEAKER.match(self.written)

    @property
    def joined(self) -> str:
        """Its lines as one."""
        return " ".join(line.strip() for line in self.lines)

    def goes_on_in(self, following: "_Cue") -> bool:
        """Whether a sentence goes on in the next cue."""
        is_open = self.is_plain and following.is_plain and not _SENTENCE_END.search(self.written)
        return is_open and has_content(self.written) and following.joined[:1].islower()

    def splice(self, lines: Sequence[str]) -> Splice:
        """Write it with other lines."""
        return Splice(self.start, self.end, self.line_end.join(lines))


def _slots(cues: Sequence[_Cue]) -> Iterator[Slot]:
    first = 0
    while first < len(cues):
        end = first + 1
        while end < len(cues) and end - first < _MOST_CUES and cues[end - 1].goes_on_in(cues[end]):
            end += 1
        if end > first + 1:
            unit = " ".join(cue.joined for cue in cues[first:end])
            yield Slot(unit, partial(_fill_several, cues[first:end], unit))
        else:
            yield from _slots_of_one(cues[first])
        first = end


def _fill_several(cues: Sequence[_Cue], unit: str, translation: str) -> list[Splice]:
    """Share a sentence among its cues, in proportion to the lengths of their texts."""
    if translation == unit:
        return []
    shares = _shares(translation.split(), [len(cue.joined) for cue in cues])
    return [cue.splice(_broken(share, len(cue.lines))) for cue, share in zip(cues, shares, strict=True)]


def _shares(words: Sequence[str], lengths: Sequence[int]) -> Iterator[str]:
    """Yield for each cue its words, at least one each as long as there are enough."""
    total, given, done = sum(lengths), 0, 0
    characters = sum(map(len, words)) + len(words)
    for number, length in enumerate(lengths, start=1):
        done += length
        goal, end = characters * done / total, given
        left = len(lengths) - number
        most = max(len(words) - left, given + 1)
        size = sum(map(len, words[:end])) + end
        while end < min(most, len(words)) and (end == given or size + len(words[end]) / 2 < goal):
            size += len(words[end]) + 1
            end += 1
        if not left:
            end = len(words)
        yield " ".join(words[given:end]) or "…"  # an empty cue would end the file for some players
        given = end


def _slots_of_one(cue: _Cue) -> Iterator[Slot]:
    """Yield the texts of a cue: one, or one for each speaker."""
    lines = list(_LINE.finditer(cue.written))
    starts = [number for number, line in enumerate(lines) if number == 0 or _SPEAKER.match(line[0])]
    for first, end in itertools.pairwise([*starts, len(lines)]):
        unit = _unit(" ".join(line[0].strip() for line in lines[first:end]))
        if has_content(unit.text):
            place = cue.start + lines[first].start(), cue.start + lines[end - 1].end()
            yield replacing(*place, unit.text, partial(_written, unit, end - first, cue.line_end))


def _unit(text: str) -> Unit[str]:
    """Make a unit with the tags of a text: pairs such as `<i>…</i>`, and points such as `{\\an8}`."""
    builder, opened, position = UnitBuilder[str](), list[tuple[str, int]](), 0
    for match in _TAG.finditer(text):
        builder.add_text(text[position : match.start()])
        position, tag = match.end(), match[0]
        name = match["name"]
        if match["closes"] and opened and opened[-1][0] == name:
            builder.close(opened.pop()[1], tag)
        elif name and not match["closes"] and f"</{name}>" in text[position:]:
            opened.append((name, builder.open(tag)))
        elif tag.startswith("&"):
            builder.add_word(tag)
        else:
            builder.add_point(tag)
    builder.add_text(text[position:])
    return builder.build()


def _written(unit: Unit[str], lines: int, line_end: str, translation: str) -> str:
    """Put the tags back, and break the text into lines."""
    parts = [
        piece for text, tag in unit.pieces(translation) for piece in (text, (tag or "").replace(" ", _GLUE))
    ]
    return line_end.join(_broken("".join(parts), lines)).replace(_GLUE, " ")


def _broken(text: str, lines: int) -> list[str]:
    """Break a text into lines of about the same length: as many as the source has, or more if it is too long."""
    shown = len(_TAG.sub("", text))
    lines = max(lines, math.ceil(shown / _LINE_CHARACTERS)) if lines > 1 or shown > _LONGEST_LINE else 1
    for width in range(math.ceil(len(text) / lines), len(text) + 1):
        broken = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        if len(broken) <= lines:
            return broken
    return [text]
