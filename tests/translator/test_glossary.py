"""Glossaries: their files, and where their terms are in a text."""

import pickle
import random
import time
from pathlib import Path

import pytest

from translator.errors import InputError
from translator.text.glossary import MAX_TERM_BYTES, Glossary
from translator.text.glossary_files import load_glossary, parse_glossary, write_tsv


def found(text: str, *english: str) -> list[str]:
    """The terms found in a text, as the text has them; each one's German is its English in brackets."""
    glossary = Glossary.of((one, f"[{one}]") for one in english)
    return [f"{text[use.start : use.end]} {use.german}" for use in glossary.find(text)]


@pytest.mark.parametrize(
    ("text", "english", "expected"),
    [
        ("The house is big.", ["house"], ["house [house]"]),
        ("House, HOUSE and house", ["house"], ["House [house]", "HOUSE [house]", "house [house]"]),
        ("An apple of Apple, APPLE.", ["Apple"], ["Apple [Apple]"]),
        ("An apple of Apple.", ["Apple", "apple"], ["apple [apple]", "Apple [Apple]"]),
        ("houses, House's, houses' and greenhouse", ["house"], ["houses [house]", "House [house]", "houses [house]"]),
        ("policies, boxes, women", ["policy", "box", "woman"], ["policies [policy]", "boxes [box]", "women [woman]"]),
        ("APIs and API", ["API"], ["APIs [API]", "API [API]"]),
        ("good news, new", ["new", "goo"], ["new [new]"]),
        ("the user account", ["user", "user account", "account"], ["user account [user account]"]),
        ("the user accounted", ["user", "user account"], ["user [user]"]),
        ("two  user\u00a0accounts", ["user account"], ["user\u00a0accounts [user account]"]),
        ("user\naccount", ["user account"], []),
        ("well-being, farewell, don't, well.", ["well", "don", "being"], ["well [well]"]),
        ("node.js, snake_case, x2", ["node", "case", "x"], []),
        ("“cloud” (cloud)/cloud: _cloud_", ["cloud"], ["cloud [cloud]"] * 4),
        ("C++ is not C, nor C++x or C#", ["C++", "C"], ["C++ [C++]", "C [C]"]),
        ("ask Dr. Oetker.", ["Dr. Oetker"], ["Dr. Oetker [Dr. Oetker]"]),
        ("King’s Landing’s walls", ["King's Landing"], ["King’s Landing [King's Landing]"]),
        ("Häuser der Straße", ["straße"], ["Straße [straße]"]),
        ("", ["house"], []),
    ],
)  # fmt: skip
def test_terms_are_whole_words_and_the_longest_wins(
    text: str, english: list[str], expected: list[str]
) -> None:
    assert found(text, *english) == expected


def test_an_entry_comes_before_the_plural_of_another() -> None:
    glossary = Glossary.of([("glass", "Glas"), ("glasses", "Brille")])
    assert [use.german for use in glossary.find("glasses glass")] == ["Brille", "Glas"]


@pytest.mark.parametrize(
    ("forms", "plural"),
    [
        ("Haus|Hauses|Häuser|Häusern", "Häuser"),
        ("Tisch|Tisches|Tische|Tischen", "Tische"),
        ("Taste|Tasten", "Tasten"),
        ("Anwender|Anwenders|Anwendern", "Anwender"),
        ("Wagen|Wagens", "Wagen"),
        ("Auto|Autos", "Autos"),
        ("Haus", "Haus"),
    ],
)
def test_a_plural_is_written_in_its_own_form(forms: str, plural: str) -> None:
    one, two = Glossary.of([("thing", forms)]).find("thing Things")
    assert (one.german, two.german) == (forms.partition("|")[0], plural)


def test_the_search_agrees_with_a_plain_one() -> None:
    generator = random.Random(5)
    for _ in range(300):
        english = {
            " ".join(generator.choices(["qv", "wx", "zk"], k=generator.randint(1, 3))) for _ in range(3)
        }
        words = generator.choices(["qv", "wx", "zk"], k=12)
        expected, place = [], 0
        while place < len(words):
            sizes = (size for size in (3, 2, 1) if place + size <= len(words))
            size = next((size for size in sizes if " ".join(words[place : place + size]) in english), 0)
            if size:
                expected.append(" ".join(words[place : place + size]))
            place += max(1, size)
        text = " ".join(words)
        uses = Glossary.of((one, one) for one in english).find(text)
        assert [text[use.start : use.end] for use in uses] == expected


def test_a_thousand_entries_take_no_longer_than_one() -> None:
    text = "the quick brown fox jumps over a lazy dog " * 2_000
    many = Glossary.of((f"fox number{number} of the den", "Fuchs") for number in range(1_000))
    one = Glossary.of([("fox number1 of the den", "Fuchs")])
    seconds = []
    for glossary in (one, many):
        glossary.find("warm up")
        start = time.process_time()
        assert glossary.find(text) == []
        seconds.append(time.process_time() - start)
    assert seconds[1] < 10 * seconds[0] + 0.1


@pytest.mark.parametrize(
    ("text", "form", "pairs"),
    [
        ("a\tb\n\nc d\te f|g\n", "tsv", [("a", "b"), ("c d", "e f|g")]),
        ("\ufeffa\tb\r\n c \t d ", "tsv", [("a", "b"), ("c", "d")]),
        ('"a ""b"""\t"c"\n"d" or "e"\tf', "tsv", [('a "b"', "c"), ('"d" or "e"', "f")]),
        ("#a\tb", "tsv", [("#a", "b")]),
        ('a,b\n"c, d","e ""f"""\n', "csv", [("a", "b"), ("c, d", 'e "f"')]),
        ("\ufeffa,b,en,de\r\n\r\nc,d,EN,DE\r\n", "csv", [("a", "b"), ("c", "d")]),
    ],
)
def test_files_are_read(text: str, form: str, pairs: list[tuple[str, str]]) -> None:
    glossary = parse_glossary(text, form)
    assert [(term.english, term.german) for term in glossary.terms] == pairs


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("a\tb\n\nc", "tsv", "line 3: there is no tab"),
        ("a\tb\tc", "tsv", "line 1: there is more than one tab"),
        ("a\tb\nc\t \n", "tsv", "line 2: the German is empty"),
        (" \tb", "tsv", "line 1: the English is empty"),
        ("a\tb\nc\td\na\te", "tsv", "line 3: 'a' has German already, in line 1"),
        ("a\tb\x07", "tsv", r"line 1: the German has the character U\+0007"),
        ("a\U000f0001\tb", "tsv", r"line 1: the English has the character U\+F0001"),
        ("a\tb||c", "tsv", "line 1: 'b||c' has an empty form".replace("|", r"\|")),
        (f"a\t{'ä' * 513}", "tsv", "line 1: the German has 1026 bytes; a term may have 1024"),
        ("a " * 65 + "\tb", "tsv", "line 1: the English has 65 words"),
        ("", "tsv", "has no entries"),
        ("a,b\nc", "csv", "line 2: there is 1 column"),
        ("a,b,c", "csv", "line 1: there are 3 columns"),
        ("a,b,en,fr", "csv", "line 1: the languages are en and fr"),
        ('a,b\n"c,d', "csv", "line 2: it is not CSV"),
    ],
)
def test_a_wrong_line_is_named(text: str, form: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_glossary(text, form)


def test_a_file_is_read_by_its_ending(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("house,Haus\n")
    (tmp_path / "a.tsv").write_text("house\tHaus\n")
    (tmp_path / "excel.txt").write_text("house\tHaus\n", encoding="utf-16")  # with a byte order mark
    assert (
        load_glossary(tmp_path / "a.csv")
        == load_glossary(tmp_path / "a.tsv")
        == load_glossary(tmp_path / "excel.txt")
        == Glossary.of([("house", "Haus")])
    )
    (tmp_path / "bad.tsv").write_bytes(b"a\tb\n\xff")
    (tmp_path / "wrong.tsv").write_text("a")
    for name, message in (
        ("bad.tsv", "not UTF-8"),
        ("wrong.tsv", "wrong.tsv, line 1"),
        ("none.tsv", "cannot read"),
    ):
        with pytest.raises(InputError, match=message):
            load_glossary(tmp_path / name)


def test_a_glossary_is_written_as_it_was_read() -> None:
    text = 'house\tHaus|Häuser\nC "x"\t„x“'
    assert write_tsv(parse_glossary(text, "tsv")) == text


def test_equal_glossaries_have_equal_hashes_also_after_pickling() -> None:
    one, same, other = (Glossary.of([("a", german)]) for german in ("b", "b", "c"))
    one.find("a")
    assert one == same
    assert hash(one) == hash(same) == hash(pickle.loads(pickle.dumps(one)))
    assert one != other


def test_the_longest_term_has_1024_bytes() -> None:
    assert len(Glossary.of([("a" * MAX_TERM_BYTES, "ä" * (MAX_TERM_BYTES // 2))])) == 1
