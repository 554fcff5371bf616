"""Functions that turn the match of each form into a `Value` with its German form; dates and times are in `days`."""

import re
from dataclasses import replace

from translator.text.numbers import VULGAR, english_value, german_number
from translator.text.values.context import is_inch_mark
from translator.text.values.days import DAY_READERS
from translator.text.values.keys import (
    Value,
    ValueKind,
    german_amount,
    german_unit,
    key_of,
    label_key,
    roman_value,
    signed_key,
    unit_key,
)
from translator.text.values.patterns import LABELS, MAGNITUDES
from translator.text.values.plain import Reader, decimal, plain_value, range_value, value_of


def _plain(match: re.Match[str], text: str) -> Value:
    if "," in match["plain"]:
        return decimal(match, text, match["plain"])
    return plain_value(match.start(), match.end(), match["plain"])


def _label(match: re.Match[str], text: str) -> Value:
    label, number = LABELS[match["label"].lower()], match["labelled"]
    german = f"{label}{match['colon']} {number}"
    return value_of(match, "label", f"{label} {number.replace('–', '-')}", german)


def _code(match: re.Match[str], text: str) -> Value:
    german = f"Nr.{match['code_colon']} {match['code']}"
    return value_of(match, "label", label_key(f"Nr. {match['code']}"), german)


def _roman_label(match: re.Match[str], text: str) -> Value | None:
    label, first, last = LABELS[match["volume"].lower()], match["numeral"], match["upto_numeral"]
    if first == "I" and not last and label not in ("S.", "Bd.", "Kap."):
        return None  # “I love art. I know it.”
    german = f"{label} {first}" + (f"–{last}" if last else "")
    key = f"{label} {first}" + (f"-{last}" if last else "")
    arabic = f"{label} {roman_value(first)}" + (f"-{roman_value(last)}" if last else "")
    return Value(match.start(), match.end(), "label", label_key(key), german, (arabic,))


def _bit(match: re.Match[str], text: str) -> Value:
    """Read the digits in “1s and 0s”, which are not seconds."""
    digit = match["bit"] or match["other_bit"]
    return value_of(
        match, "number", _BITS[digit], _BITS[digit], also=(f"{digit}s", f"{digit}en", f"{digit}er")
    )


def _money(match: re.Match[str], text: str) -> Value | None:
    sign = match["sign1"] or match["minus1"] or ""
    magnitude = match["magnitude3"] or match["magnitude1"]
    return _amount(match, "money", sign, match["amount1"], match["upto1"], magnitude, match["currency1"])


def _money_after(match: re.Match[str], text: str) -> Value | None:
    return _amount(
        match,
        "money",
        match["sign2"],
        match["amount2"],
        match["upto2"],
        match["magnitude2"],
        match["currency2"],
    )


def _percent(match: re.Match[str], text: str) -> Value | None:
    return _amount(match, "percent", match["sign3"], match["part"], match["upto3"], None, match["percent"])


def _quantity(match: re.Match[str], text: str) -> Value | None:
    unit = match["unit"] or match["spaced_unit"]
    if unit == "s" and _AGES.search(text, max(0, match.start() - _LONGEST_BEFORE_AGES), match.start()):
        age = match["size"]
        return value_of(match, "number", signed_key("", age), f"{age}-Jährige")
    if unit == "s" and _UNDER.search(text, max(0, match.start() - 2), match.start()):
        return None  # the pre-18s
    value = _amount(match, "quantity", match["sign4"], match["size"], match["upto4"], None, unit)
    return replace(value, end=value.end + 1) if _ABBREVIATED.match(text, value.end - len(unit)) else value


def _amount(
    match: re.Match[str],
    kind: ValueKind,
    sign: str,
    number: str,
    upto: str | None,
    magnitude: str | None,
    unit: str,
) -> Value:
    factor, one, several = MAGNITUDES[magnitude.strip().lower()] if magnitude else (1, "", "")
    numbers = [number, upto] if upto else [number]
    thousands = [english_value(one) for one in numbers if several == "Tsd."]
    if thousands and all(one is not None and (one * factor).denominator == 1 for one in thousands):  # $5.5k
        numbers, several = [f"{int(one * factor):,}" for one in thousands if one is not None], ""
    german = sign + "–".join(map(german_amount, numbers))
    if several:
        german += f" {one if number == '1' and not upto else several}"
    symbol = german_unit(unit)
    german += f"{'' if symbol == '°' else ' '}{symbol}"
    key = signed_key(sign, number, factor) + (f"-{signed_key('', upto, factor)}" if upto else "")
    return value_of(match, kind, f"{key} {unit_key(unit)}", german)


def _decade(match: re.Match[str], text: str) -> Value:
    decade = match["decade"] or match["short_decade"]
    also = (decade[2:],) if decade.startswith("19") else (f"19{decade}",) if len(decade) == 2 else ()
    return value_of(match, "decade", decade, f"{decade}er", also)


def _ordinal(match: re.Match[str], text: str) -> Value:
    number = match["ordinal"]
    return value_of(match, "ordinal", key_of(english_value(number), number), german_number(number) + ".")


def _literal(match: re.Match[str], text: str) -> Value:
    return value_of(match, "number", match[0], match[0], ("rund um die Uhr",) if match[0] == "24/7" else ())


def _scale(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(",", ".")
    return value_of(match, "number", german, german)


def _section_sign(match: re.Match[str], text: str) -> Value:
    """Read §4.2, a reference to a section or paragraph."""
    sections, sign = match["sections"], match[0][: 1 + (match[0][1] == "§")]
    return value_of(match, "label", f"Abschn. {sections.replace('–', '-')}", f"{sign} {sections}")


def _inches(match: re.Match[str], text: str) -> Value:
    """Read the 12" of a screen; if the mark closes a quotation, only the 12."""
    number, mark = match["inches"], match[0][-1]
    is_fraction = "/" in number
    if is_inch_mark(text, match.end()):
        key, german = (number, number) if is_fraction else (signed_key("", number), german_amount(number))
        return value_of(match, "quantity", f"{key} in", f"{german}{mark}")
    if number.isdecimal():
        return plain_value(match.start(), match.end() - 1, number)
    key, german = (number, number) if is_fraction else (signed_key("", number), german_amount(number))
    return Value(match.start(), match.end() - 1, "number", key, german)


def _inch_words(match: re.Match[str], text: str) -> Value:
    """Read the 7.25 in. of “10.5 x 7.25 in.”; elsewhere “in” may be a word at the end of a sentence."""
    number, end = match["inch_words"], match.end()
    goes_on = _SIZE_GOES_ON.match(text, end)
    is_size = (
        "." in number
        or number[-1] in VULGAR
        or _BEFORE_SIZE.search(text, max(0, match.start() - 4), match.start())
    )
    if not (goes_on or is_size):
        return plain_value(match.start(), match.end("inch_words"), number)
    is_stop = not goes_on and _SENTENCE_ENDS.match(text, end)
    german = f"{german_amount(number)} Zoll"
    return Value(
        match.start(), end if is_stop else end + 1, "quantity", f"{signed_key('', number)} in", german
    )


def _times_money(match: re.Match[str], text: str) -> Value:
    """Read 2x$25."""
    times, currency, price = match["times"], match["each_currency"], match["each"]
    german = f"{times} × {german_amount(price)} {currency}"
    return value_of(match, "quantity", f"{times} × {signed_key('', price)} {unit_key(currency)}", german)


def _short_million(match: re.Match[str], text: str) -> Value:
    sign, number = match["sign7"], match["millions"]
    return value_of(match, "number", signed_key(sign, number, 10**6), f"{sign}{german_number(number)} Mio.")


def _factor(match: re.Match[str], text: str) -> Value:
    """Read 1.5k and 2x: only the decimal mark changes; a German text may also say 1.500 or “2-mal”."""
    german = german_number(match["factor"]) + match["factor_sign"]
    factor = MAGNITUDES[match["factor_sign"].lower()][0] if match["factor_sign"] != "x" else 1
    return value_of(match, "number", german, german, (signed_key("", match["factor"], factor),))


def _mixed(match: re.Match[str], text: str) -> Value:
    key = signed_key(match["sign5"], match["mixed"])
    return value_of(match, "number", key, match[0])


def _power(match: re.Match[str], text: str) -> Value:
    german = match[0].replace(".", ",")
    return value_of(match, "number", german, german)


def _range(match: re.Match[str], text: str) -> Value:
    first, last = match["first"], match["last"]
    return range_value(match, text, first, text[match.end("first") : match.start("last")], last)


def _number(match: re.Match[str], text: str) -> Value:
    sign, number = match["sign6"], match["number"]
    if word := match["magnitude5"]:
        factor, one, several = MAGNITUDES[word.strip().lower()]
        german = f"{sign}{german_number(number)} {one if number == '1' else several}"
        return value_of(match, "number", signed_key(sign, number, factor), german)
    if not sign and number.isdecimal():
        return plain_value(match.start(), match.end(), number)
    return decimal(match, text, number, sign)


_ABBREVIATED = re.compile(r"(?:mins?|hrs?|secs?|lbs?|oz|ft|yd|gal)\.(?=,? [a-z])")
"""A unit with a full stop that does not end the sentence."""
_AGES = re.compile(
    r"(?<!\w)(?i:under|over)-\Z|(?:(?<!\w)(?:the|all|are|no|by|of|and|or|with|any|children|kids|free|adults)[ \u00a0]"
    r"|(?<!\w)for[ \u00a0](?=under)|(?:\A|\n|[.!?(:;,“\"][ \u00a0]?)(?=[UO]))(?i:under|over)[ \u00a0]\Z"
)
"""Matches before the 18s of “under-18s” and “for under 18s”; “in under 18s” is 18 seconds."""
_LONGEST_BEFORE_AGES = 16
_UNDER = re.compile(r"[a-z]-\Z")
_SIZE_GOES_ON = re.compile(
    r"\.(?:[,;)]|[ \u00a0](?:wide|high|long|tall|deep|thick|across|x|×|by|of|to|and|or)(?!\w))"
)
_BEFORE_SIZE = re.compile(r"(?:(?<!\w)(?:x|by)|×)[ \u00a0]?\Z")
_SENTENCE_ENDS = re.compile(r"\.[\"”’)]*(?:\Z|\s+[^\W\d_a-z]|\s*\n)")
_BITS = {"1": "Einsen", "0": "Nullen"}
READERS: dict[str, Reader] = {
    f"as_{name}": reader
    for name, reader in {
        **DAY_READERS, "label": _label, "code": _code, "roman_label": _roman_label, "scale": _scale, "factor": _factor,
        "bit": _bit,
        "money": _money, "money_after": _money_after, "percent": _percent, "quantity": _quantity, "decade": _decade,
        "ordinal": _ordinal, "power": _power, "mixed": _mixed, "feet": _literal, "inches": _inches,
        "inch_words": _inch_words, "times_money": _times_money, "literal": _literal,
        "no_cents": _literal,
        "section_sign": _section_sign, "short_million": _short_million, "range": _range, "number": _number,
        "plain": _plain, "odd": _literal,
    }.items()
}  # fmt: skip
"""The reader of each form of `ANY_VALUE`."""
