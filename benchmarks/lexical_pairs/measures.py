"""Quantities and amounts of money. Units are translated, never converted."""

from random import Random

from lexical_pairs.number_words import english_number, german_figure, german_number
from lexical_pairs.slots import Forms, Source
from lexical_pairs.word_lists import rows

Unit = list[str]
"""A row of words/units.txt."""
UNITS: dict[str, Unit] = {row[0]: row for row in rows("units.txt")}
_ARTICLES = {"m": ("ein", "einen", "einem"), "f": ("eine", "eine", "einer"), "n": ("ein", "ein", "einem")}
_HALVES = {
    "m": ("halber", "halben", "halben"),
    "f": ("halbe", "halbe", "halben"),
    "n": ("halbes", "halbes", "halben"),
}


def quantity(unit: Unit, number: float, style: str) -> Forms:
    """Return the forms of a quantity. The style is "words" or "figures".

    The German forms are the accusative, the nominative (`nom`) and the dative (`dat`). In words, the only fraction is a
    half: "half a cup", "two and a half cups".
    """
    singular, plural, gender, german, german_plural, dative = unit
    many = (german_plural, german_plural, dative)
    article = "an" if singular[0] in "aeio" else "a"
    if style == "figures":
        figure = german_figure(number)
        english = f"{number:,} {singular if number == 1 else plural}"
        return _forms(english, *(f"{figure} {german if number == 1 else form}" for form in many))
    whole, is_half = int(number), number % 1 == 0.5
    if number == 0.5:
        cases = zip(_ARTICLES[gender], _HALVES[gender], strict=True)
        return _forms(f"half {article} {singular}", *(f"{one} {half} {german}" for one, half in cases))
    if is_half:
        words = "anderthalb" if whole == 1 else f"{german_number(whole)}einhalb"
        english = f"{english_number(whole)} and a half {plural}"
        return _forms(english, *(f"{words} {form}" for form in many))
    if whole == 1:
        return _forms(
            f"{article if style == 'words' else 'one'} {singular}",
            *(f"{one} {german}" for one in _ARTICLES[gender]),
        )
    english = f"{english_number(whole)} {plural}"
    return _forms(english, *(f"{german_number(whole)} {form}" for form in many))


def _forms(english: str, nominative: str, accusative: str, dative: str) -> Forms:
    return Forms({"": english}, {"": accusative, "nom": nominative, "dat": dative})


def _measure(units: str, limits: tuple[int, ...], *, halves: bool = False, ones: bool = True) -> Source:
    """Return a source of quantities in one of these units, up to one of the limits.

    Just over a quarter of them are in figures.
    """
    names = units.split(", ")

    def forms(random: Random) -> Forms:
        unit = UNITS[random.choice(names)]
        limit = random.choice(limits)
        number: float = random.randint(1 if ones else 2, limit)
        if limit >= 100 and random.random() < 0.6:
            number = max(100, round(number, -2)) if limit >= 1000 else max(10, round(number, -1))
        if limit == 9 and halves and random.random() < 0.4:
            number = random.choice((0.5, 0.5, 1.5, 1.5, 2.5, 3.5, 4.5))
        while number % 100 == 1 and number > 1:
            number = random.randint(2, limit)
        if unit[3][0].islower() or unit[3] == "Schweizer Franken":
            number = max(2, int(number))
        style = (
            "figures"
            if random.random() < 0.3 and number != 0.5 and (number != 1 or unit[0] != "foot")
            else "words"
        )
        if style == "figures" and number < 100 and number % 1 == 0 and random.random() < 0.3 and halves:
            number = number + random.randint(1, 9) / 10
        return quantity(unit, number, style)

    return forms


def _degrees(random: Random) -> Forms:
    number = random.choice((random.randint(2, 40), random.randint(2, 12)))
    scale = random.choice(("", "", " Celsius", " Fahrenheit"))
    forms = quantity(UNITS["degree"], number, random.choice(("words", "words", "figures")))
    return Forms({"": forms.english[""] + scale}, {key: form + scale for key, form in forms.german.items()})


def _oven(random: Random) -> Forms:
    number, scale = random.choice(
        ((random.randrange(100, 250, 10), ""), (random.randrange(300, 475, 25), " Fahrenheit"))
    )
    forms = quantity(UNITS["degree"], number, random.choice(("words", "figures", "figures")))
    return Forms({"": forms.english[""] + scale}, {key: form + scale for key, form in forms.german.items()})


def _percent(random: Random) -> Forms:
    number = random.choice((random.randint(2, 12), random.randint(13, 99), random.randrange(5, 100, 5)))
    if random.random() < 0.3:
        return Forms({"": f"{number} percent"}, {"": f"{number} Prozent"})
    mark = random.choice(("percent", "per cent"))
    return Forms({"": f"{english_number(number)} {mark}"}, {"": f"{german_number(number)} Prozent"})


_MONEY = (
    "dollar, euro, euro, pound, Swiss franc, Danish krone, Norwegian krone, Swedish krona, yen, rupee, rouble, "
    "Polish zloty, Czech koruna, Hungarian forint, Turkish lira, Australian dollar, Canadian dollar, US dollar"
)
SOURCES: dict[str, Source] = {
    "distance": _measure(
        "mile, mile, kilometre, kilometer, metre, meter, yard", (9, 12, 90, 900), halves=True, ones=False
    ),
    "long_way": _measure("mile, kilometre, kilometer", (9, 90, 900), halves=True, ones=False),
    "size": _measure(
        "foot, metre, meter, centimetre, centimeter, inch, yard", (9, 12, 90), halves=True, ones=False
    ),
    "little": _measure("inch, centimetre, centimeter, millimetre", (9, 12, 30), halves=True, ones=False),
    "height": _measure("foot, metre, meter", (90, 900, 9000), ones=False),
    "weight": _measure("pound, pound, kilo, kilo, kilogram", (9, 12, 30), halves=True, ones=False),
    "light_weight": _measure("gram, gram, ounce", (30, 90, 900), ones=False),
    "body_weight": _measure("pound, kilo, kilogram, kilo", (90, 200), ones=False),
    "heavy": _measure("ton, ton, kilo, pound, kilogram", (90, 900, 9000), ones=False),
    "volume": _measure("litre, liter, gallon, pint", (9, 12, 90), halves=True),
    "spoon": _measure(
        "cup, tablespoon, teaspoon, cup, tablespoon, teaspoon, gram, ounce, pound, handful",
        (9, 9, 9),
        halves=True,
    ),
    "wet_spoon": _measure("cup, tablespoon, teaspoon, litre, liter, pint, glass", (9, 9), halves=True),
    "drunk": _measure("glass, cup, bottle, litre, can", (5, 9)),
    "bought": _measure("pound, kilo, bag, packet, kilo", (9, 12)),
    "area": _measure("acre, hectare, square metre, square foot, square mile", (90, 900, 9000), ones=False),
    "floor_area": _measure("square metre, square foot", (90, 200, 900), ones=False),
    "degrees": _degrees,
    "oven": _oven,
    "percent": _percent,
    "money": _measure(_MONEY, (9, 90, 900, 9000), ones=False),
    "price": _measure("dollar, euro, pound", (9, 90, 90, 900)),
    "cents": _measure("cent", (90,), ones=False),
}
"""The sources of the slots for quantities."""
