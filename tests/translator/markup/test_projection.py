"""Tags in translations."""

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.time_limit import cpu_limit
from translator.markup.projection import Alignment, project
from translator.markup.tagged import TaggedText
from translator.text.stand_ins import STAND_IN, closing, lone, opening, pair_of

TAGS = {"[": opening, "]": closing}


def tagged(text: str) -> str:
    """Read `[0` as the opening tag of pair 0, `]0` as its closing tag, and `*0` as a word."""
    for number in range(10):
        text = text.replace(f"[{number}", opening(number)).replace(f"]{number}", closing(number))
        text = text.replace(f"*{number}", lone(number))
    return text


def shown(text: str) -> str:
    def show(stand_in: str) -> str:
        pair = pair_of(stand_in)
        return f"{']' if pair[1] else '['}{pair[0]}" if pair else "*0"

    return STAND_IN.sub(lambda match: show(match[0]), text)


def words(text: str) -> list[tuple[int, int]]:
    """The places of the words; punctuation is a word."""
    found, start = [], 0
    for word in text.split(" "):
        stem = word.rstrip(".,")
        if stem:
            found.append((start, start + len(stem)))
        found += [(start + place, start + place + 1) for place in range(len(stem), len(word))]
        start += len(word) + 1
    return found


def aligned(source: str, target: str, links: str) -> Alignment:
    """Links such as `0-1`, from a word of the source to one of the target."""
    source_words, target_words = words(source), words(target)
    weights_TS = np.zeros((len(target_words), len(source_words)), np.float32)
    for link in links.split():
        one, other = map(int, link.split("-"))
        weights_TS[other, one] = 0.9
    return Alignment(weights_TS, source_words, target_words)


@pytest.mark.parametrize(
    ("source", "target", "links", "expected"),
    [
        ("Click [0here]0 now.", "Klicken Sie jetzt hier.", "0-0 1-3 2-2 3-4", "Klicken Sie jetzt [0hier]0."),
        ("I [0saw]0 the [1old house]1.", "Ich habe das alte Haus gesehen.", "0-0 1-5 2-2 3-3 4-4 5-6",
         "Ich habe das [1alte Haus]1 [0gesehen]0."),
        ("a [0[1b]1 c]0 d", "D C B A", "0-3 1-2 2-1 3-0", "D [0C [1B]1]0 A"),
        ("a H[0[12]1]0O d", "D H2O A", "0-2 1-1 2-0", "D H[0[12]1]0O A"),
        ("[0b]0[1c]1 d", "D bc A", "0-1 1-0", "D [0b]0[1c]1 A"),
        ("[0b]0[1c]1 d", "D X A", "0-1 1-0", "D [0X]0[1]1 A"),
        ("a [0b]0 [1c]1 d", "A X D", "0-0 3-2", "A [0X]0 [1D]1"),
        ("a [0b]0 [1c]1 d", "A X D", "0-0 1-1 2-1 3-2", "A [0X]0[1]1 D"),
        ("a b[0]0 c", "C B A", "0-2 1-1 2-0", "C B[0]0 A"),
        ("a [0]0b c", "C B A", "0-2 1-1 2-0", "C [0]0B A"),
        ("a[0 b ]0c", "A B C", "0-0 1-1 2-2", "A[0 B ]0C"),
        ("a [0*0]0 c", "C *0 A", "0-2 1-1 2-0", "C [0*0]0 A"),
        ("[0a b]0 c", "C X A Y B", "0-2 1-4 2-0", "C X [0A Y B]0"),
        ("[0a]0 b [1c]1", "B", "1-0", "[0B]0[1]1"),
        ("a [0b]0 c", "", "", "[0]0"),
        ("a b[0]0b", "C A", "0-1 1-0", "[0]0C A"),
        ("a [0]0b", "A", "0-0", "[0]0A"),
        ("a [0]0b...", "A B ...", "0-0 2-2", "A [0]0B ..."),
    ],
)  # fmt: skip
def test_projection(source: str, target: str, links: str, expected: str) -> None:
    text = TaggedText(tagged(source))
    [sentence] = text.sentences([(0, len(text.plain))])
    german = tagged(target)
    inner = text.tagged[sentence.start : sentence.end]
    found = project(text.plain, sentence.tags, german, aligned(text.plain, german, links)).text
    outer_start, outer_end = text.tagged[: sentence.start], text.tagged[sentence.end :]
    assert inner
    assert shown(outer_start + found + outer_end) == expected


def test_many_tags_take_little_time() -> None:
    text = TaggedText("a " + "".join(f"{opening(n)}b{closing(n)}" for n in range(10_000)))
    [sentence] = text.sentences([(0, len(text.plain))])
    with cpu_limit(5):
        found = project(text.plain, sentence.tags, "X", aligned(text.plain, "X", "0-0")).text
    assert found == "X" + "".join(opening(n) + closing(n) for n in range(10_000))


@pytest.mark.parametrize(
    ("text", "sentences", "inner"),
    [
        ("[0A.]0 B.", ["A.", "B."], ["A.", "B."]),
        ("A [0b.]0 [1C]1 d.", ["A b.", "C d."], ["A [0b.]0", "[1C]1 d."]),
        ("[0A. B]0 c.", ["A.", "B c."], ["A.", "B]0 c."]),
        ("A [0b. C.]0 D.", ["A b.", "C.", "D."], ["A [0b.", "C.", "D."]),
        ("a [0b ]0c", ["a b c"], ["a [0b ]0c"]),
        ("[0 a]0 b ", ["a b"], ["[0 a]0 b"]),
        ("[0[1a]1 b]0[2]2", ["a b"], ["[1a]1 b"]),
        ("a[0[1b]1 ]0", ["ab"], ["a[0[1b]1 ]0"]),
        ("[0[1 a]1 b [2c ]2]0", ["a b c"], ["[1 a]1 b [2c ]2"]),
        ("[0]0a[1]1", ["a"], ["a"]),
    ],
)
def test_tags_belong_to_sentences(text: str, sentences: list[str], inner: list[str]) -> None:
    read = TaggedText(tagged(text))
    places, position = [], 0
    for sentence in sentences:
        position = read.plain.index(sentence, position)
        places.append((position, position + len(sentence)))
        position += len(sentence)
    found = list(read.sentences(places))
    assert [shown(read.tagged[one.start : one.end]) for one in found] == inner
    for one, sentence, raw in zip(found, sentences, inner, strict=True):
        identity = aligned(sentence, sentence, " ".join(f"{n}-{n}" for n in range(len(words(sentence)))))
        assert shown(project(sentence, one.tags, sentence, identity).text) == raw


NESTED = st.recursive(
    st.sampled_from(["one ", "two", " three", ". ", "*"]),
    lambda inner: st.lists(inner, max_size=4).map(lambda some: ["[", *some, "]"]),
    max_leaves=25,
)


def numbered(parts: object) -> str:
    """Number the pairs of nested lists."""
    written, stack, pairs, words = [], [], 0, 0

    def walk(part: object) -> None:
        nonlocal pairs, words
        if isinstance(part, list):
            for one in part:
                walk(one)
        elif part == "[":
            stack.append(pairs)
            written.append(opening(pairs))
            pairs += 1
        elif part == "]":
            written.append(closing(stack.pop()))
        elif part == "*":
            written.append(lone(words))
            words += 1
        else:
            written.append(part)

    walk(parts)
    return "".join(written)


def is_nested(text: str) -> bool:
    stack: list[int] = []
    for match in STAND_IN.finditer(text):
        if pair := pair_of(match[0]):
            if not pair[1]:
                stack.append(pair[0])
            elif not stack or stack.pop() != pair[0]:
                return False
    return not stack


@given(
    st.lists(NESTED, max_size=5).map(numbered), st.text("AB ,.", max_size=30), st.randoms(), st.integers(0, 9)
)
def test_every_tag_once_and_nested(text: str, german: str, random: Random, cut: int) -> None:
    read = TaggedText(text)
    # Two sentences, the second one without the white space between them.
    middle = min(cut, len(read.plain))
    places = [(0, len(read.plain[:middle].rstrip())), (middle, len(read.plain))]
    places = [place for place in places if place[0] < place[1]]
    written, position = [], 0
    for (start, end), one in zip(places, read.sentences(places), strict=True):
        sentence = read.plain[start:end]
        source_words, target_words = words(sentence), words(german)
        weights_TS = np.array(
            [[random.random() ** 4 for _ in source_words] for _ in target_words], np.float32
        ).reshape(len(target_words), len(source_words))
        found, offsets = project(
            sentence, one.tags, german, Alignment(weights_TS, source_words, target_words)
        )
        assert "".join(found[offset] for offset in offsets) == german
        around = "".join(tag.before + tag.after for tag in one.tags)
        assert german in STAND_IN.sub("", found)
        assert sorted(STAND_IN.sub("", found)) == sorted(german + STAND_IN.sub("", around))
        stand_ins = "".join(tag.stand_in for tag in one.tags) + around
        assert Counter(STAND_IN.findall(found)) == Counter(STAND_IN.findall(stand_ins))
        written += [text[position : one.start], found]
        position = one.end
    whole = "".join(written) + text[position:]
    assert Counter(one for one in STAND_IN.findall(whole) if pair_of(one)) == Counter(
        one for one in STAND_IN.findall(text) if pair_of(one)
    )
    assert is_nested(whole)
