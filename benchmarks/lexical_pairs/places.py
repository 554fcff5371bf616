"""Countries, peoples, languages, cities, rivers, seas and regions, with their articles and prepositions."""

from random import Random

from lexical_pairs.slots import Forms, Source
from lexical_pairs.word_lists import entries, lines, rows

_ENGLISH = ("in", "to", "from", "of", "through", "for", "about")
_ADJECTIVES = (
    "Vereinigte",
    "Arabische",
    "Tschechische",
    "Dominikanische",
    "Zentralafrikanische",
    "Demokratische",
)


def _weak(name: str, *, is_dative: bool) -> str:
    """Decline a name that begins with an adjective, as after "die" or "das": "Vereinigte(n) Staaten"."""
    words = name.replace("Vereinigtes", "Vereinigte").split()
    return " ".join(word + "n" if is_dative and word in _ADJECTIVES else word for word in words)


def country_forms(english: str, german: str, kind: str) -> Forms:
    """Return the forms of a country, by preposition. `kind` is the third column of words/countries.txt."""
    in_english = {"": english} | {key: f"{key} {english}" for key in _ENGLISH}
    in_english["is"] = "is"  # "the Netherlands is", but "die Niederlande sind"
    if kind in "-a":
        at = "auf" if kind == "a" else "in"
        in_german = {
            "": german,
            "in": f"{at} {german}",
            "to": f"nach {german}",
            "from": f"aus {german}",
            "of": f"von {german}",
            "through": f"durch {german}",
            "for": f"für {german}",
            "about": f"über {german}",
            "is": "ist",
        }
        return Forms(in_english, in_german)
    nominative, accusative, dative, genitive, in_dative, in_accusative = {
        "f": ("die", "die", "der", "der", "in der", "in die"),
        "m": ("der", "den", "dem", "des", "im", "in den"),
        "n": ("das", "das", "dem", "des", "im", "ins"),
        "p": ("die", "die", "den", "der", "in den", "in die"),
        "i": ("die", "die", "den", "der", "auf den", "auf die"),
    }[kind]
    is_plural = kind in "pi"
    strong, weak = _weak(german, is_dative=False), _weak(german, is_dative=True)
    if is_plural:
        strong = weak  # die Vereinigten Staaten
    in_dat = weak if weak.endswith(("n", "USA")) or not is_plural else weak + "n"
    gen = weak + ("s" if kind == "n" or german == "Vatikan" else "")
    return Forms(in_english, {
        "": f"{nominative} {strong}", "in": f"{in_dative} {in_dat}", "to": f"{in_accusative} {strong}",
        "from": f"{'von' if kind == 'i' else 'aus'} {dative} {in_dat}", "of": f"{genitive} {gen}",
        "through": f"durch {accusative} {strong}", "for": f"für {accusative} {strong}",
        "about": f"über {accusative} {strong}", "is": "sind" if is_plural else "ist",
    })  # fmt: skip


COUNTRIES = {english: (german, kind) for english, german, kind, _ in rows("countries.txt")}
PEOPLES = {country: cells for country, *cells in rows("peoples.txt")}
CITIES = {english: german for line in lines("cities.txt") for english, german in entries(line)}
_FAMILIAR = (
    *PEOPLES,
    "the United States", "the United Kingdom", "Luxembourg", "the Czech Republic", "Israel", "Iran", "Iraq", "Lebanon",
    "Mongolia", "the Philippines", "the Maldives", "Cuba", "Cyprus", "Malta", "Thailand", "Kenya", "Tanzania",
    "Indonesia", "Saudi Arabia", "the United Arab Emirates", "Wales", "Colombia", "Nigeria", "Tunisia", "Georgia",
)  # fmt: skip
LANGUAGES = {english: german for line in lines("languages.txt") for english, german in entries(line)}


def _country(random: Random) -> Forms:
    english = random.choice(_FAMILIAR if random.random() < 0.6 else list(COUNTRIES))
    return country_forms(english, *COUNTRIES[english])


def _people(random: Random) -> Forms:
    """Draw a country with its adjective and its people."""
    country = random.choice(list(PEOPLES))
    adjective, german, man, woman, people, inhabitants = PEOPLES[country]
    forms = country_forms(country, *COUNTRIES[country])
    in_english = {"adj": adjective, "man": adjective, "woman": adjective, "people": people, "many": people}
    if people == "New Zealanders":
        in_english |= {"adj": adjective, "man": "from New Zealand", "woman": "from New Zealand"}
    in_german = {key: german + key for key in ("e", "en", "er", "es", "em")}
    if country == "Switzerland":  # Swiss cheese is "Schweizer Käse", without endings
        in_german = dict.fromkeys(in_german, "Schweizer")
    plural = inhabitants if inhabitants.endswith("n") else inhabitants + "n"
    the = "Deutschen" if inhabitants == "Deutsche" else inhabitants
    in_german |= {
        "man": man,
        "woman": woman,
        "people": inhabitants,
        "the": f"die {the}",
        "dat": plural,
        "many": inhabitants,
    }
    in_english |= dict.fromkeys(("e", "en", "er", "es", "em"), adjective)
    in_english |= {"the": f"the {people}", "dat": people}
    return Forms({**forms.english, **in_english}, {**forms.german, **in_german})


def _city(random: Random) -> Forms:
    english, german = random.choice(list(CITIES.items()))
    return Forms(
        {
            "": english,
            "in": f"in {english}",
            "to": f"to {english}",
            "from": f"from {english}",
            "of": f"of {english}",
        },
        {
            "": german,
            "in": f"in {german}",
            "to": f"nach {german}",
            "from": f"aus {german}",
            "of": f"von {german}",
        },
    )


def _language(random: Random) -> Forms:
    english, german = random.choice(list(LANGUAGES.items()))
    has_endings = german.endswith("isch")  # "ins Englische", but "ins Hindi"
    german_forms = {"e": f"{german}e", "en": f"{german}en"} if has_endings else {"e": german, "en": german}
    german_forms |= {
        "Deutsch": {"e": "Deutsche", "en": "Deutschen"},
        "Latein": {"e": "Lateinische", "en": "Lateinischen"},
    }.get(german, {})
    return Forms({"": english, "in": f"in {english}"}, {"": german, "in": f"auf {german}"} | german_forms)


def _of_kind(name: str, kind: str) -> dict[str, str]:
    """Read the entries of a list under this heading."""
    found = (line.split("]")[1] for line in lines(name) if line.startswith(f"[{kind}]"))
    return {english: german for line in found for english, german in entries(line)}


def _waters(kind: str) -> Source:
    known = list(_of_kind("waters.txt", kind).items())

    def forms(random: Random) -> Forms:
        english, german = random.choice(known)
        article, _, name = german.partition(" ")
        weak = name.replace("Schwarze ", "Schwarzen ").replace("Rote ", "Roten ").replace("Tote ", "Toten ")
        weak = weak.replace("Karibische ", "Karibischen ")
        at, to, dative, accusative = {
            "der": ("am", "an den", "dem", "den"), "die": ("an der", "an die", "der", "die"),
            "das": ("am", "ans", "dem", "das"),
        }[article]  # fmt: skip
        inside = {"der": "im", "die": "in der", "das": "im"}[article]
        return Forms(
            {"": english},
            {
                "": german, "at": f"{at} {weak}", "to": f"{to} {name}", "dat": f"{dative} {weak}",
                "acc": f"{accusative} {name}", "in": f"{inside} {weak}",
            },
        )  # fmt: skip

    return forms


_PLURALS = ("Alpen", "Pyrenäen", "Kanarischen Inseln")


def _region(known: dict[str, str]) -> Source:
    def forms(random: Random) -> Forms:
        english, german = random.choice(list(known.items()))
        article, name = (
            german.rstrip("*").split(" ", 1) if german.startswith(("d", "D")) else ("", german.rstrip("*"))
        )
        if german == "der Nahe Osten":
            in_german = {
                "in": "im Nahen Osten",
                "to": "in den Nahen Osten",
                "from": "aus dem Nahen Osten",
                "": german,
            }
        elif not article or german.endswith("*"):
            kind = ("i" if article else "a") if german.endswith("*") else "-"
            in_german = dict(country_forms(english, name, kind).german)
        else:
            kind = "p" if name in _PLURALS else {"die": "f", "der": "m", "das": "n"}[article]
            in_german = dict(country_forms(english, name, kind).german)
        in_english = {"": english} | {key: f"{key} {english}" for key in ("in", "to", "from")}
        return Forms(in_english, {key: in_german[key] for key in in_english})

    return forms


SOURCES: dict[str, Source] = {
    "country": _country,
    "people": _people,
    "city": _city,
    "language": _language,
    "river": _waters("river"),
    "sea": _waters("sea"),
    "continent": _region(_of_kind("regions.txt", "continent")),
    "region": _region(_of_kind("regions.txt", "region")),
}
"""The sources of the slots for places."""
