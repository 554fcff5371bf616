"""Training pairs with markup in them, which texts to translate have but sentence corpora lack.

`joined` puts a mark between two pairs. `wrapped` puts marks around text that corresponds on both sides. It needs no
word alignment:

- a word that occurs once on each side, such as a name or another mark;
- a word whose German occurs once: common words are listed here, and the lexicon of hints knows the rare ones;
- neighbouring words of these kinds that are neighbours in the German too;
- the clause before or after the only comma, colon or semicolon of each side.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from translator.text.formality import formalities_of
from translator.text.lexicon import Lexicon
from translator.text.marks import MARK_RANGE
from translator.text.places import Place

_WORD = re.compile(rf"[{MARK_RANGE}]|(?<![\w'’])[^\W\d_]{{2,}}+(?![\w'’])")
_TWO_CLAUSES = re.compile(r"([^,;:]{5,}+)[,;:] ([^,;:]{5,}?)([.!?]?)")

_LONGER_SHARE = 0.6
"""How often a wrapped word takes in the next word, if both are neighbours in the German too."""
_LONGEST_ENDING = 2
"""A German word that is this much longer than a translation is a form of it: rot, roten."""
_SHORTEST_STEM = 3

_COMMON_WORDS = """
    not=nicht/kein no=kein/nein never=nie/niemals always=immer now=jetzt here=hier there=dort/da today=heute
    tomorrow=morgen yesterday=gestern again=wieder only=nur also=auch often=oft very=sehr must=muss/müssen
    can=kann/können cannot=kann/können should=sollte/sollten will=wird/werden may=kann/darf/dürfen
    one=ein/eins two=zwei three=drei four=vier five=fünf six=sechs seven=sieben eight=acht nine=neun ten=zehn
    eleven=elf twelve=zwölf first=erste second=zweite third=dritte last=letzte next=nächste both=beide all=alle
    every=jede each=jede many=viele few=wenige some=einige most=meiste
    red=rot blue=blau green=grün black=schwarz white=weiß yellow=gelb new=neu old=alt/ältere big=groß
    large=groß small=klein little=klein good=gut bad=schlecht important=wichtig free=kostenlos/frei long=lang
    short=kurz great=groß young=jung high=hoch/hohe low=niedrig open=offen/öffnen/geöffnet closed=geschlossen
    right=rechts/richtig left=links wrong=falsch true=wahr false=falsch same=gleiche/selbe different=verschieden
    copy=Kopie/kopieren copies=Kopien house=Haus home=Zuhause/Heim day=Tag days=Tage week=Woche weeks=Wochen
    month=Monat months=Monate year=Jahr years=Jahre hour=Stunde hours=Stunden minute=Minute minutes=Minuten
    time=Zeit morning=Morgen evening=Abend night=Nacht man=Mann woman=Frau child=Kind children=Kinder
    people=Menschen/Leute friend=Freund friends=Freunde mother=Mutter father=Vater brother=Bruder sister=Schwester
    water=Wasser money=Geld book=Buch books=Bücher door=Tür window=Fenster street=Straße city=Stadt country=Land
    world=Welt school=Schule name=Name number=Nummer/Zahl page=Seite pages=Seiten line=Zeile/Linie file=Datei
    files=Dateien folder=Ordner button=Schaltfläche/Taste settings=Einstellungen password=Passwort/Kennwort
    user=Benutzer/Nutzer users=Benutzer/Nutzer error=Fehler list=Liste table=Tabelle/Tisch text=Text
    image=Bild picture=Bild message=Nachricht/Meldung key=Schlüssel/Taste word=Wort words=Wörter/Worte
    question=Frage answer=Antwort problem=Problem example=Beispiel part=Teil work=Arbeit program=Programm
    server=Server service=Dienst network=Netzwerk/Netz data=Daten database=Datenbank memory=Speicher
    save=speichern delete=löschen select=wählen/auswählen click=klicken enter=eingeben close=schließen
    help=Hilfe/helfen use=verwenden/benutzen create=erstellen add=hinzufügen remove=entfernen change=ändern
    read=lesen/liest write=schreiben see=sehen/siehe go=gehen come=kommen know=wissen/weiß think=denken/glaube
    love=Liebe/liebe life=Leben death=Tod war=Krieg peace=Frieden god=Gott king=König law=Gesetz/Recht
    state=Staat/Status government=Regierung president=Präsident parliament=Parlament commission=Kommission
    english=Englisch/englisch german=Deutsch/deutsch french=Französisch/französisch europe=Europa
    monday=Montag tuesday=Dienstag wednesday=Mittwoch thursday=Donnerstag friday=Freitag saturday=Samstag/Sonnabend
    sunday=Sonntag january=Januar february=Februar march=März june=Juni july=Juli october=Oktober
    december=Dezember more=mehr less=weniger without=ohne with=mit and=und or=oder but=aber because=weil/denn
    if=wenn/falls when=wenn/als where=wo what=was who=wer why=warum how=wie germany=Deutschland
    """
_COMMON = {
    english: tuple(german.split("/"))
    for english, german in (entry.split("=") for entry in _COMMON_WORDS.split())
}
"""The German of common words. The lexicon of hints leaves them out, because a model knows them."""


def wrapped(
    english: str,
    german: str,
    marks: Mapping[str, str],
    random: np.random.Generator,
    lexicon: Lexicon | None = None,
) -> tuple[str, str] | None:
    """Return the pair with an opening and a closing mark around corresponding words; None if there are none.

    `lexicon` gives the German of rare words.
    """
    words = _corresponding_words(english, german, lexicon)
    choices = [*words, *_clauses(english, german)]
    free = [number for number, mark in enumerate(marks["open"]) if mark not in english]
    if not choices or not free:
        return None
    places = choices[int(random.integers(len(choices)))]
    while (longer := _with_next_word(places, words, english, german)) and random.random() < _LONGER_SHARE:
        places = longer
    number = free[int(random.integers(len(free)))]
    first, second = (
        _enclosed(text, place, marks["open"][number], marks["close"][number])
        for text, place in zip((english, german), places, strict=True)
    )
    return first, second


def joined(
    first: tuple[str, str], second: tuple[str, str], marks: Mapping[str, str], random: np.random.Generator
) -> tuple[str, str] | None:
    """Return two pairs as one, with a mark such as that of `<br>` between them.

    Returns None if both use the same mark, or if one German addresses the reader as Sie and the other as du.
    """
    every = set("".join(marks.values()))
    used = [every & set(pair[0]) for pair in (first, second)]
    free = [mark for mark in marks["opaque"] if mark not in used[0] | used[1]]
    if used[0] & used[1] or not free:
        return None
    blank = " " * int(random.integers(2))
    mark = free[int(random.integers(len(free)))]
    english, german = (blank.join((one, mark, other)) for one, other in zip(first, second, strict=True))
    return None if len(formalities_of(english, german)) > 1 else (english, german)


def _corresponding_words(english: str, german: str, lexicon: Lexicon | None) -> list[tuple[Place, Place]]:
    places = _once(german)
    found = []
    for word, place in _once(english).items():
        germans = [places[word]] if word in places else _places_of(_german_of(word, lexicon), places)
        if len(germans) == 1:
            found.append((place, germans[0]))
    taken = Counter(place for _, place in found)
    return [pair for pair in found if taken[pair[1]] == 1]


def _once(text: str) -> dict[str, Place]:
    """Return the words that occur once in a text, and their places."""
    matches = list(_WORD.finditer(text))
    times = Counter(match[0] for match in matches)
    return {match[0]: match.span() for match in matches if times[match[0]] == 1}


def _german_of(word: str, lexicon: Lexicon | None) -> tuple[str, ...]:
    if common := _COMMON.get(word.lower()):
        return common
    entries = lexicon.find([word]) if lexicon is not None else []
    return entries[0].german if entries else ()


def _places_of(translations: tuple[str, ...], places: Mapping[str, Place]) -> list[Place]:
    """Return the places of the words that are a form of one of the translations."""
    stems = tuple(one.lower() for one in translations if len(one) >= _SHORTEST_STEM)
    return [
        place
        for word, place in places.items()
        if any(word.lower().startswith(stem) and len(word) - len(stem) <= _LONGEST_ENDING for stem in stems)
    ]


def _with_next_word(
    places: tuple[Place, Place], words: list[tuple[Place, Place]], english: str, german: str
) -> tuple[Place, Place] | None:
    """Return the places with the next English word, if its German is the next or the previous word of the German."""
    (first, last), (german_first, german_last) = places
    for (start, end), (german_start, german_end) in words:
        if english[last:start] != " ":
            continue
        if german[german_last:german_start] == " ":
            return (first, end), (german_first, german_end)
        if german[german_end:german_first] == " ":
            return (first, end), (german_start, german_last)
    return None


def _clauses(english: str, german: str) -> Iterator[tuple[Place, Place]]:
    sides = [_TWO_CLAUSES.fullmatch(text) for text in (english, german)]
    if sides[0] and sides[1]:
        for group in (1, 2):
            yield sides[0].span(group), sides[1].span(group)


def _enclosed(text: str, place: Place, before: str, after: str) -> str:
    start, end = place
    return text[:start] + before + text[start:end] + after + text[end:]
