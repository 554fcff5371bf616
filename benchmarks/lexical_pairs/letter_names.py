"""First names, surnames and titles, in the openings of letters and in sentences."""

from random import Random

from lexical_pairs.slots import Forms, Source
from lexical_pairs.word_lists import lines


def _names(kind: str) -> list[str]:
    listed = (
        line.removeprefix(f"[{kind}] ").split("; ")
        for line in lines("names.txt")
        if line.startswith(f"[{kind}]")
    )
    return [name for names in listed for name in names]


WOMEN, MEN, SURNAMES = _names("women"), _names("men"), _names("surnames")
_TITLES = dict.fromkeys(
    ("Ms", "Ms.", "Mrs", "Mrs.", "Miss"), ("Frau", "Frau", "geehrte Frau")
) | dict.fromkeys(("Mr", "Mr."), ("Herr", "Herrn", "geehrter Herr"))
"""The German of each title: nominative, accusative and dative, and salutation of a letter."""


def _mr_or_ms(random: Random) -> Forms:
    """Draw a title and a surname, such as Ms Miller. German uses "Frau" for "Ms", "Mrs" and "Miss"."""
    surname = random.choice(SURNAMES)
    title = random.choice(("Ms", "Ms", "Mrs", "Mrs", "Mr", "Mr", "Mr", "Mr.", "Mrs.", "Ms.", "Miss"))
    german, weak, dear = _TITLES[title]
    english = f"{title} {surname}"
    return Forms(
        {"": english, "dear": f"Dear {english}"},
        {"": f"{german} {surname}", "weak": f"{weak} {surname}", "dear": f"Sehr {dear} {surname}"},
    )


def _doctor(random: Random) -> Forms:
    """Draw a doctor or professor. Without a first name, the German salutation is that of a man."""
    surname = random.choice(SURNAMES)
    english, german = random.choice(
        (("Dr", "Dr."), ("Dr.", "Dr."), ("Professor", "Professor"), ("Prof.", "Prof."))
    )
    if random.random() < 0.5:
        return Forms(
            {"dear": f"Dear {english} {surname}"}, {"dear": f"Sehr geehrter Herr {german} {surname}"}
        )
    first, is_woman = random.choice([(name, True) for name in WOMEN] + [(name, False) for name in MEN])
    dear = "Sehr geehrte Frau" if is_woman else "Sehr geehrter Herr"
    return Forms(
        {"dear": f"Dear {english} {first} {surname}"}, {"dear": f"{dear} {german} {first} {surname}"}
    )


def _first_name(random: Random) -> Forms:
    is_woman = random.random() < 0.5
    name = random.choice(WOMEN if is_woman else MEN)
    return _named(name, is_woman)


def _named(name: str, is_woman: bool) -> Forms:
    pronouns = ("she", "her", "sie", "sie", "ihr") if is_woman else ("he", "him", "er", "ihn", "ihm")
    he, him, er, ihn, ihm = pronouns
    his = "her" if is_woman else "his"
    return Forms(
        {"": name, "dear": f"Dear {name}", "he": he, "him": him, "his": his},
        {"": name, "dear": f"{'Liebe' if is_woman else 'Lieber'} {name}", "he": er, "him": ihn, "ihm": ihm},
    )


def _couple(random: Random) -> Forms:
    """Draw a couple, such as Mr and Mrs Miller."""
    surname = random.choice(SURNAMES)
    return Forms(
        {"": f"Mr and Mrs {surname}", "dear": f"Dear Mr and Mrs {surname}"},
        {
            "": f"Herr und Frau {surname}",
            "dear": f"Sehr geehrte Frau {surname}, sehr geehrter Herr {surname}",
        },
    )


_PEOPLE = {
    "my mother": "meine Mutter meine meiner f", "my sister": "meine Schwester meine meiner f",
    "my grandmother": "meine Großmutter meine meiner f", "my wife": "meine Frau meine meiner f",
    "my aunt": "meine Tante meine meiner f", "my daughter": "meine Tochter meine meiner f",
    "my father": "mein Vater meinen meinem m", "my brother": "mein Bruder meinen meinem m",
    "my grandfather": "mein Großvater meinen meinem m", "my husband": "mein Mann meinen meinem m",
    "my uncle": "mein Onkel meinen meinem m", "my son": "mein Sohn meinen meinem m",
    "my boss": "mein Chef meinen meinem m", "my cousin": "mein Cousin meinen meinem m",
    "our teacher": "unser Lehrer unseren unserem m", "the manager": "der Geschäftsführer den dem m",
    "the old man": "der alte_Mann den dem m", "the old woman": "die alte_Frau die der f",
    "your brother": "Ihr Bruder Ihren Ihrem m", "your sister": "Ihre Schwester Ihre Ihrer f",
    "his mother": "seine Mutter seine seiner f", "her father": "ihr Vater ihren ihrem m",
    "her husband": "ihr Mann ihren ihrem m", "his wife": "seine Frau seine seiner f",
    "the boy": "der Junge den dem m", "our grandmother": "unsere Großmutter unsere unserer f",
    "the woman next door": "die Nachbarin die der f",
}  # fmt: skip
"""People: the German nominative, the article in the accusative and in the dative, and the gender."""


def _someone(random: Random) -> Forms:
    """Draw a first name or a person, as the subject or object of a sentence."""
    if random.random() < 0.4:
        name = _first_name(random)
        german = name.german
        return Forms(name.english, {**german, "acc": german[""], "dat": german[""]})
    english, german_forms = random.choice(list(_PEOPLE.items()))
    nominative, noun, accusative, dative, gender = german_forms.split()
    noun = noun.replace("_", " ")
    declined = noun.replace("alte ", "alten ") + ("n" if noun == "Junge" else "")
    acc = noun if gender == "f" else declined
    pronouns = {"he": "sie" if gender == "f" else "er", "him": "sie" if gender == "f" else "ihn"}
    return Forms(
        {"": english, "he": "she" if gender == "f" else "he", "him": "her" if gender == "f" else "him"}
        | {"his": "her" if gender == "f" else "his"},
        {"": f"{nominative} {noun}", "acc": f"{accusative} {acc}", "dat": f"{dative} {declined}"} | pronouns,
    )


def _surname(random: Random) -> Forms:
    name = random.choice(SURNAMES)
    return Forms({"": name}, {"": name})


SOURCES: dict[str, Source] = {
    "titled": lambda random: random.choice((_mr_or_ms, _mr_or_ms, _doctor))(random),
    "mister": _mr_or_ms,
    "doctor": _doctor,
    "first": _first_name,
    "woman": lambda random: _named(random.choice(WOMEN), True),
    "man": lambda random: _named(random.choice(MEN), False),
    "couple": _couple,
    "surname": _surname,
    "someone": _someone,
}
"""The sources of the slots for people."""
