"""The check of a translation."""

import pytest

from translator.text.protected import find_protected
from translator.translate.receipt import Check, check


def check_of(source: str, translation: str) -> tuple[Check, ...]:
    return check(source, 0, find_protected(source), translation)


def verdicts(source: str, translation: str) -> list[tuple[str, str, str | None, str | None]]:
    """Kind, verdict, and the text on both sides."""
    return [
        (
            one.kind,
            one.verdict,
            one.source and source[slice(*one.source)],
            one.target and translation[slice(*one.target)],
        )
        for one in check_of(source, translation)
    ]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("He earned £45,000 in 2019.", "Er verdiente 2019 45.000 £."),
        ("It costs $5.", "Es kostet 5 Dollar."),
        ("I have 2 cats and 3 dogs.", "Ich habe zwei Katzen und drei Hunde."),
        ("I have 1 cat.", "Ich habe eine Katze."),
        ("Take 12 eggs.", "Nehmen Sie ein Dutzend Eier, also zwölf."),
        ("Both of the 2 doors", "Beide Türen"),
        ("He was there from 2019 to 2023.", "Er war dort von 2019 bis 2023."),
        ("Prices fell by 10 to 20%.", "Die Preise fielen um 10 bis 20 %."),
        ("From 8 to 10 a.m. we rest.", "Von 8 bis 10 Uhr ruhen wir."),
        ("A <b>red <i>owl</i></b>", "Eine <b>rote <i>Eule</i></b>"),
        ("<0>One</0> and <1>two</1>", "<0>Eins</0> und <1>zwei</1>"),
        ("She is seventeen.", "Sie ist 17."),
        ("It has twenty-one rooms and three hundred and five doors.", "Es hat 21 Räume und 305 Türen."),
        ("We meet at half past three.", "Wir treffen uns um 15:30 Uhr."),
        ("Open `a_b` now.", "Öffnen Sie jetzt `a_b`."),
        ("A <b>red</b> <i></i>owl", "Eine <b>rote</b> <i></i>Eule"),
        ("<b>A</b> <i>B <b>C</b></i>", "<i>B <b>C</b></i> <b>A</b>"),
        ("It is _−5 °C_ and *−15 °C*.", "Es sind _−5 °C_ und *−15 °C*."),
        ("A **red** _owl_ in a_b", "Eine **rote** _Eule_ in a_b"),
        ("It has two thousand and twenty rooms.", "Es hat 2020 Zimmer."),
        ("Hello {name}!", "Hallo, {name}!"),
        ("No numbers here.", "Hier sind keine Zahlen."),
    ],
)
def test_spans_that_come_through_pass(source: str, translation: str) -> None:
    assert not [one for one in check_of(source, translation) if one.is_fault]


RIGHT = """
    At 5 guests arrive. | Um 5 Uhr kommen Gäste.
    At 5 o'clock | Um 5 Uhr
    We have 30 guests. | Wir haben 30 Gäste.
    It costs $5. | Es kostet fünf Dollar.
    It costs five dollars. | Es kostet fünf Dollar.
    It costs five dollars. | Es kostet 5 Dollar.
    There are 13 of them. | Es sind dreizehn.
    There are thirteen of them. | Es sind 13.
    We meet at half past three. | Wir treffen uns um halb vier.
    We meet at half past 3. | Wir treffen uns um halb vier.
    We meet at half past 3. | Wir treffen uns um halb 4.
    We meet at half past 3. | Wir treffen uns um 15:30 Uhr.
    We meet at 3:30. | Wir treffen uns um halb vier.
    We meet at 3:30 p.m. | Wir treffen uns um halb vier.
    We meet at 3:30 p.m. | Wir treffen uns um 3:30 Uhr nachmittags.
    We meet at 5 p.m. | Wir treffen uns um fünf.
    We meet at 5 p.m. | Wir treffen uns um 5 Uhr am Nachmittag.
    It was in the 20th century. | Es war im zwanzigsten Jahrhundert.
    It was in the 20th century. | Es war im 20. Jahrhundert.
    It was on 1/15/20. | Es war am 15. Januar 2020.
    It was on 1/15/20. | Es war am 15.01.20.
    It was on 5/12/2025. | Es war am 12. Mai 2025.
    It was on 5/12/2025. | Es war am 5. Dezember 2025.
    It was on 5/12/2025. | Es war am 5.12.2025.
    It was minus 5 degrees. | Es waren minus 5 Grad.
    It was minus 5 degrees. | Es waren −5 Grad.
    It was minus 5 degrees. | Es waren minus fünf Grad.
    It was −5 °C. | Es waren minus 5 Grad.
    It was −5 °C. | Es waren minus fünf Grad Celsius.
    6 minus 5 is 1. | 6 minus 5 ist 1.
    6 minus 5 is 1. | Sechs minus fünf ist eins.
    It is 50 miles away. | Es ist 50 Meilen entfernt.
    It is 5 miles away. | Es ist fünf Meilen entfernt.
    It takes 20 minutes. | Es dauert 20 min.
    A 15-year-old boy. | Ein 15-jähriger Junge.
    A 15-year-old boy. | Ein fünfzehnjähriger Junge.
    It is 50 miles or 80 kilometres. | Es sind 80 Kilometer oder 50 Meilen.
    It is 50 miles or 50 kilometres. | Es sind 50 Kilometer oder 50 Meilen.
    It weighs 5 pounds. | Es wiegt 5 Pfund.
    It costs 50 pounds. | Es kostet 50 £.
    It is 5 km. | Es sind fünf Kilometer.
    It is 5 km long. | Es ist 5 Kilometer lang.
    It weighs 10 lbs. | Es wiegt 10 Pfund.
    It is 6 ft deep. | Es ist 6 Fuß tief.
    At 60 mph we drove. | Mit 60 Meilen pro Stunde fuhren wir.
    At 60 km/h we drove. | Wir fuhren mit 60 Stundenkilometern.
    The file has 3.5 GB. | Die Datei hat 3,5 Gigabyte.
    50% of them | Fünfzig Prozent davon
    In the 1990s | In den Neunzigerjahren
    In the 1990s | In den neunziger Jahren
    In the 1990s | In den 90ern
    In the 90s | In den 1990er Jahren
    In the 1800s | Im 19. Jahrhundert
    He is in his mid-30s. | Er ist Mitte 30.
    He is in his mid-30s. | Er ist Mitte dreißig.
    In his 30s he left. | Er ging in seinen Dreißigern.
    Louis XIV died. | Ludwig der Vierzehnte starb.
    Louis XIV died. | Ludwig XIV. starb.
    World War II ended. | Der 2. Weltkrieg endete.
    World War I ended. | Der 1. Weltkrieg endete.
    World War II ended. | Der Zweite Weltkrieg endete.
    It was after World War II. | Es war nach dem Zweiten Weltkrieg.
    World War II ended. | Der Weltkrieg II endete.
    World Wars I and II | Der Erste und der Zweite Weltkrieg
    World War I ended. | Der Erste Weltkrieg endete.
    Part II of Chapter IV | Teil II von Kapitel IV
    Part II of Chapter IV | Der zweite Teil von Kapitel 4
    Title IX and Annex I. | Titel IX und Anhang I.
    See p. xii and vol. II. | Siehe S. xii und Bd. II.
    See p. xii and vol. II. | Siehe Seite xii und Band 2.
    From 5 to 10 June it is closed. | Vom 5. bis 10. Juni ist geschlossen.
    From 5 to 10 June it is closed. | Vom 5. Juni bis zum 10. Juni ist geschlossen.
    5-10 June | 5.–10. Juni
    5-10 people | 5–10 Personen
    5-10 people | zwischen 5 und 10 Personen
    5–10 people | fünf bis zehn Personen
    2020-21 season | Saison 2020/21
    It takes 1h 45m. | Es dauert 1 h 45 min.
    It takes 1h 45m. | Es dauert 1 Stunde und 45 Minuten.
    It takes 1h 45m. | Es dauert 1:45 h.
    It takes 1:30 h. | Es dauert 1:30 h.
    A code of 1s and 0s. | Ein Code aus Einsen und Nullen.
    A code of 1s and 0s. | Ein Code aus 1en und 0en.
    half a million people | 500.000 Menschen
    one and a half hours | 1,5 Stunden
    two and a half hours | 2,5 Stunden
    three quarters of them | 75 % davon
    nineteen ninety-five | 1995
    We meet at five in the afternoon. | Wir treffen uns um 17 Uhr.
    We meet at 5 in the afternoon. | Wir treffen uns um 17 Uhr.
    We meet at five o'clock. | Wir treffen uns um 17 Uhr.
    $2 million | Zwei Millionen Dollar
    $1.5 million | Anderthalb Millionen Dollar
    Add ½ cup. | Eine halbe Tasse dazugeben.
    It takes 3½ hours. | Es dauert dreieinhalb Stunden.
    at 12 a.m. | um Mitternacht
    at 12 p.m. | mittags
    approx. 20 people | etwa zwanzig Personen
    approx. 20 people | rund 20 Personen
    ch. 2 | 2. Kapitel
    ch. 2 | Kapitel zwei
    No. 5 | Nummer fünf
    the 1st floor | der erste Stock
    the 2nd time | das zweite Mal
    the 1,000th visitor | der tausendste Besucher
    2019 was good. | Zweitausendneunzehn war gut.
    He has 21 cars. | Er hat einundzwanzig Autos.
    The 8.15 train is late. | Der Zug um 8:15 Uhr ist verspätet.
    The 8.15 train is late. | Der 8:15-Uhr-Zug ist verspätet.
    The 8.15 train is late. | Der Zug um 8.15 Uhr ist verspätet.
    We meet at 15.30 in the hall. | Wir treffen uns um 15.30 in der Halle.
    We meet at 15.30 in the hall. | Wir treffen uns um halb vier in der Halle.
    a dozen eggs | 12 Eier
    two dozen eggs | 24 Eier
    a century ago | vor 100 Jahren
    $5 bills | 5-Dollar-Scheine
    C$20 | 20 kanadische Dollar
    3x faster | 3-mal schneller
    1.5k likes | 1.500 Likes
    24/7 support | Support rund um die Uhr
    It rose by 5%. | Es ist um 5 Prozentpunkte gestiegen.
    a 5% solution | eine 5%ige Lösung
    a 5% solution | eine 5-prozentige Lösung
    between 2019 and 2023 | zwischen 2019 und 2023
    At 1530 hours we met. | Um 15:30 Uhr trafen wir uns.
    12 noon | 12 Uhr mittags
    From May 5 to 10, 2024. | Vom 5. bis 10. Mai 2024.
    May 12 | am zwölften Mai
    21 of 30 | einundzwanzig von dreißig
    March 3 miles north. | Marschieren Sie 3 Meilen nach Norden.
    The 3:30 a.m. bus | Der Bus um 3.30 Uhr
    500 metres | 500 Meter
    500 meters | 500 m
    the sixties | die 1960er
    100 square metres | 100 Quadratmeter
    100 square metres | 100 m²
    30 degrees Celsius | 30 °C
    30 degrees | 30 Grad Celsius
    2 metres 50 | zwei Meter 50
    10-minute walk | 10-minütiger Spaziergang
    a 3-day trip | eine dreitägige Reise
    2-week holiday | 2-wöchiger Urlaub
    a 3-month-old baby | ein dreimonatiges Baby
    3 times a day | dreimal am Tag
    $20 | zwanzig Dollar
    €100 | hundert Euro
    100 people | hundert Menschen
    1,000 people | tausend Menschen
    1,000 people | eintausend Menschen
    30 people | dreißig Leute
    17 people | siebzehn Leute
    16 people | sechzehn Leute
    70 people | siebzig Leute
    7 people | sieben Leute
    18 people | achtzehn Leute
    2 people | zwei Leute
    500 million | eine halbe Milliarde
    €1 million | eine Million Euro
    at 10:45 | um Viertel vor elf
    at 10:15 | um Viertel nach zehn
    at 7:30 pm | um halb acht abends
    at 19:30 | um halb acht
    at noon | um 12 Uhr
    at midnight | um 0 Uhr
    at midnight | um 24 Uhr
    25 October | 25. Oktober
    Oct 25, 1983 | 25.10.1983
    Oct 25, 1983 | 25.10.83
    in May 2024 | im Mai 2024
    in May 2024 | im Mai des Jahres 2024
    Sept 2025 | Sept. 2025
    Sept 2025 | 09/2025
    from April 1978 to May 1991 | von April 1978 bis Mai 1991
    IN MAY 2024 | IM MAI 2024
    Oct 25th | der fünfundzwanzigste Oktober
    in the 1970s | in den siebziger Jahren
    12 of 15 | zwölf von fünfzehn
    a quarter past 3 p.m. | Viertel nach drei nachmittags
    5 feet | fünf Fuß
    2 feet | zwei Füße
    100 km/h | hundert Stundenkilometer
    −5 | minus fünf
    20 °C to 25 °C | 20 bis 25 °C
    20 °C to 25 °C | 20 bis 25 Grad
    10% to 20% | zehn bis zwanzig Prozent
    from 10 to 20% | von zehn bis zwanzig Prozent
    1/2 cup | eine halbe Tasse
    3/4 of them | drei Viertel davon
    1.5 hours | eineinhalb Stunden
    The 21st century | Das einundzwanzigste Jahrhundert
    the 3rd one | der dritte
    7th place | siebter Platz
    8th place | achter Platz
    100th | hundertste
    24 hours a day | 24 Stunden am Tag
    7 days a week | sieben Tage die Woche
    365 days | 365 Tage
    2 hours 30 minutes | 2 Stunden 30 Minuten
    15:30 | 15.30 Uhr
    up to 500 kbps | bis zu 500 kbps
    12 oz | 12 Unzen
    40 cents | 40 Cent
    Chapter II | Kapitel 2
    a fortnight | 14 Tage
    twenty-four seven | 24/7
    two thirds | 2/3
    He is 1.80 m tall. | Er ist 1,80 m groß.
    He is 1.80 m tall. | Er ist 1,80 Meter groß.
    5 stars | 5 Sterne
    100 grams | hundert Gramm
    it's 5 degrees below zero | es sind 5 Grad unter null
    it's 5 degrees below zero | es sind minus 5 Grad
    3,000 years ago | vor dreitausend Jahren
    15 days | zwei Wochen und 15 Tage
    2 pm | zwei Uhr nachmittags
    2 pm | 14 Uhr
    11 pm | 11 Uhr abends
    6 am | 6 Uhr morgens
    6 am | sechs Uhr früh
    between $5 and $10 | zwischen 5 und 10 Dollar
    $5–10 | fünf bis zehn Dollar
    No. 4711 | Nr. 4711
    No. A12/3 | Nr. A12/3
    Call tel. no. 030 1234567. | Rufen Sie Tel.-Nr. 030 1234567 an.
    Call tel. no. 030 1234567. | Rufen Sie die Telefonnummer 030 1234567 an.
    in '68 | im Jahr 1968
    in '68 | ’68
    Under 18s? | Unter 18?
    7.25 in. wide | 7,25 Zoll breit
    at 0230 UTC | um 02:30 UTC
    1st of May | erster Mai
    1st of May | 1. Mai
    May 1 | Erster Mai
    a 100% safe method | eine hundertprozentig sichere Methode
    3D | 3D
    2 dozen eggs | zwei Dutzend Eier
    page 5 | Seite fünf
    1,500 m | 1.500 Meter
    1.5 km | eineinhalb Kilometer
    10-15 minutes | 10 bis 15 Minuten
    5 or 6 | fünf oder sechs
    for 4 nights | für vier Nächte
    1 | eins
    0 errors | keine Fehler
    5:30 | halb sechs
    ten thousand dollars | zehntausend Dollar
    ten thousand dollars | 10.000 US-Dollar
    two hundred and fifty million people | zweihundertfünfzig Millionen Menschen
    two million people | 2.000.000 Menschen
    forty-two minutes | zweiundvierzig Minuten
    Forty-two minutes | 42 Minuten
    a twenty-one-year-old man | ein einundzwanzigjähriger Mann
    a twenty-member board | ein zwanzigköpfiger Vorstand
    a twenty-dollar piece | ein Zwanzigdollarstück
    thirty minutes ago | vor einer halben Stunde
    ninety minutes | anderthalb Stunden
    twenty-four hours | einen Tag
    the twenty-first century | das einundzwanzigste Jahrhundert
    in nineteen eighty-four | im Jahr 1984
    at six thirty | um halb sieben
    in his twenties | in seinen Zwanzigern
    three hundred years | drei hundert Jahre
    one hundred dollar bill | ein Hundert-Dollarschein
    20 bn euros | 20 Milliarden Euro
    20 m euros | 20.000.000 €
    between 22 and 28 dollars | zwischen 22 und 28 $
    50 pounds | 50 lb
    from 10 to 12 million | von 10 Millionen auf 12 Millionen
    a 30-million-euro project | ein 30 Millionen Euro teures Projekt
    a 30-million-euro project | ein 30-Millionen-Euro-Projekt
    30 to 50 thousand | 30.000 bis 50.000
    rooms 101 102 103 | die Zimmer 101 102 103
    3 500 ml bottles | 3 500-ml-Flaschen
    On day 5 100 people came. | Am Tag 5 100 Menschen.
    13:45.67 minutes | 13:45,67 Minuten
    a 12" disk | eine 12-Zoll-Scheibe
    a 12" disk | eine 12"-Scheibe
    §4.2 | Paragraph 4.2
    §4.2 | §4.2
    26º C | 26 Grad Celsius
    −5 ° C | −5 ° C
    article 3b | Artikel 3 b
    We vote at 5.30 this evening. | Wir stimmen um 17.30 Uhr ab.
    We vote at 4:30 tomorrow afternoon. | Wir stimmen morgen um 16:30 Uhr ab.
    Come tonight at 8:15. | Kommen Sie heute Abend um 20:15 Uhr.
    We met at three in the afternoon. | Wir trafen uns um 15 Uhr.
    We met at a quarter to seven. | Wir trafen uns um 6:45 Uhr.
    We met at ten to seven in the evening. | Wir trafen uns um 18.50 Uhr.
    It takes a week. | Es dauert 7 Tage.
    Part II of II | Teil II von II
    Row ...... | Reihe ............
    €2,000 | 2.000,- €
    24 September 1759 | 24 September 1759
    23-24 March 2000 | 23. / 24. März 2000
    at 1PM | um 13.00 h
    No. 81 | No. 81
    no.: 81 | Nr.: 81
    no.: 81 | Nummer: 81
    incl. 19% VAT | einschließlich 19 % MwSt.
    incl. 19% VAT | inklusive 19 % MwSt.
    excl. 19% VAT | zuzüglich 19 % MwSt.
    Not found.\\nTry again. | Nicht gefunden.\\nBitte noch einmal.
    3x faster | dreimal schneller
"""
"""German equivalents of the English, in digits or in words; none of them is a fault."""
WRONG = """
    We stayed there for 30 nights. | Wir blieben dort um 30 Uhr.
    We stayed there for 2 nights. | Wir blieben dort um 2 Uhr.
    Boarding starts at 12 a.m.! | Boarding beginnt um 12.m.
    It was on 5/12/2025. | Es war am 6.12.2025.
    It was minus 5 degrees. | Es waren 5 Grad.
    It was −5 °C. | Es waren 5 Grad Celsius.
    It is 50 miles away. | Es ist 50 Kilometer entfernt.
    It is 5 miles away. | Es ist fünf Kilometer entfernt.
    It takes 20 minutes. | Es dauert 20 Stunden.
    It weighs 50 pounds. | Es wiegt 50 Kilo.
    It costs 50 dollars. | Es kostet 50 Euro.
    approx. 20 people | 21 Personen
    He has 21 cars. | Er hat zweiundzwanzig Autos.
    He has 13 cars. | Er hat Autos.
    We meet at 15.30 in the hall. | Wir treffen uns um 15.40 Uhr in der Halle.
    500 metres | 500 km
    100 square metres | 100 Quadratkilometer
    30 degrees Fahrenheit | 30 Grad Celsius
    a 3-day trip | eine dreiwöchige Reise
    17 people | siebzig Leute
    Call tel. no. 030 1234567. | Rufen Sie Tel. Nr. 030 1234568 an.
    2x$25 | 2 × 26 $
    7.25 in. wide | 7,25 cm breit
    We met at noon. | Wir trafen uns um 15:30 Uhr.
    We met at noon. | Wir trafen uns um ½ Uhr.
    We met at noon. | Wir trafen uns um 12:45 Uhr.
    We met at three in the afternoon. | Wir trafen uns um 16 Uhr.
    Come tonight, not at 8:15 a.m. | Kommen Sie heute Abend, nicht um 20:15 Uhr.
    two-thirds of the 3,000 people | zwei Drittel der 3.000 von 3.000 Leuten
    It takes 2 weeks. | Es dauert 2 Wochen 7.
    Louis XIV died. | Ludwig XIV. XIV. starb.
    Part II of it | Teil II II davon
    Open /etc/hosts now. | Öffnen Sie /etc/hosts und /etc/hosts.
    If a ≠ b and c ≥ d | Wenn a ≠ b und c ≥ ≥ d
    E = mc² holds. | E = mc² mc² gilt.
    The A380 flies. | Der A380 A380 fliegt.
    World War II ended. | Der Erste Weltkrieg endete.
    World War II ended. | Der Weltkrieg endete.
    Part II of Chapter IV | Teil II von Kapitel VI
    Part II of it | Teil III davon
    Super Bowl LV | Super Bowl XL
    7 people | siebzig Leute
    7 people | siebzehn Leute
    8 people | achtzehn Leute
    4 nights | vierundzwanzig Nächte
    4 nights | 4 Jahre
    1 night | einundzwanzig Nächte
    3 people | dreihundert Leute
    5 people | fünftausend Leute
    10 people | zehntausend Leute
    7 people | siebenundsiebzig Leute
    3 people | dreissig Leute
    2 people | zwanzig Leute
    at 7:30 pm | um halb sieben
    Oct 25, 1983 | 25.11.1983
    in May 2024 | im März 2024
    in May 2024 | 2024
    in May 2024 | im Mai 2023
    from Apr. 1978 to Oct. 1991 | von Oktober 1978 bis April 1991
    365 days | 365 Monate
    11 pm | 11 Uhr morgens
    10-15 minutes | 10 bis 15 Stunden
    ten thousand dollars | tausend Dollar
    ten thousand dollars | zehntausend Euro
    forty-two minutes | vierundvierzig Minuten
    forty-two minutes | zweiundvierzig Stunden
    twenty-one years after | zwanzig Jahre nach
    for twenty-one years | fünfundzwanzig Jahre lang
    thirty days | einen Monat
    thirty minutes | eine Stunde
    two million people | zwei Milliarden Menschen
    20 bn euros | 20 Milliarden Dollar
    20 bn euros | 20 Milliarden
    5 dollars each | je 5
    rooms 101 102 103 | die Zimmer 101 102 104
    We vote at 5.30. | Wir stimmen um 17.30 Uhr ab.
    a 12" disk | eine 12-mm-Scheibe
    §4.2 | § 4.3
    incl. 19% VAT | zuzüglich 19 % MwSt.
"""


def _pairs(lines: str) -> list[tuple[str, ...]]:
    return [tuple(line.strip().split(" | ")) for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("source", "translation"), _pairs(RIGHT))
def test_a_correct_german_form_is_not_a_fault(source: str, translation: str) -> None:
    assert not [one for one in check_of(source, translation) if one.is_fault]


@pytest.mark.parametrize(("source", "translation"), _pairs(WRONG))
def test_another_value_is_a_fault_even_in_words(source: str, translation: str) -> None:
    assert any(one.is_fault for one in check_of(source, translation))


@pytest.mark.parametrize(
    ("source", "translation", "faults"),
    [
        ("It costs €50.", "150", [("money", "lost", "€50", None), ("number", "extra", None, "150")]),
        ("Room 2222.", "Raum 22222.", [("number", "lost", "2222", None), ("number", "extra", None, "22222")]),
        ("I have 7 cats.", "Ich habe Katzen.", [("small", "lost", "7", None)]),
        ("Page 15.", "Seite 15 und 15.", [("number", "extra", None, "15")]),
        ("Hello {name}!", "Hallo!", [("placeholder", "lost", "{name}", None)]),
        ("{a} and {a}", "{a} und", [("placeholder", "lost", "{a}", None)]),
        ("It is −5 °C.", "Es hat →5 \ufffdC.", [
            ("quantity", "lost", "−5 °C", None), ("number", "extra", None, "5"),
            ("character", "extra", None, "\ufffd"),
        ]),
        ("at 3:30 p.m. from", "um 19:30 Uhr von", [
            ("time", "lost", "3:30 p.m.", None), ("number", "extra", None, "19"), ("number", "extra", None, "30"),
        ]),
        ("She has a house.", "Sie hat 2 Häuser.", [("number", "extra", None, "2")]),
        ("I left, and he left.", "Ich ging, und er ging um 00 Uhr.", [("number", "extra", None, "00")]),
        ("Click <0>here</0> now.", "Hier klicken</0><0>.", [("tag", "misplaced", "</0>", "</0>")]),
        ("<i>An</i> <i>owl</i>", "<i><i>Eine Eule</i></i>", [("tag", "misplaced", "</i>", "</i>")]),
        ("A <b>big <i>red</i> owl</b>", "Eine <b>große <i>rote</b> Eule</i>", [("tag", "misplaced", "</i>", "</i>")]),
        ("A <b>red</b> <i>owl</i>", "Eine <b>rote <i>Eule</i></b>", [("tag", "misplaced", "</i>", "</i>")]),
        ("A <b>red <i>owl</i></b>", "Eine <b>rote</b> <i>Eule</i>", [("tag", "misplaced", "</i>", "</i>")]),
        ("<a>One</a> <b>two</b> <a>three</a>", "<a>Eins</a> <a>drei <b>zwei</b></a>", [
            ("tag", "misplaced", "</b>", "</b>"),
        ]),
        ("Press <u><b>a</b></u>.", "Drücke a <u><b></b></u>.", [
            ("tag", "misplaced", "</b>", "</b>"), ("tag", "misplaced", "</u>", "</u>"),
        ]),
        ("Open {x}.", "Öffne {x}{x} auf https://heron.example.", [
            ("placeholder", "extra", None, "{x}"), ("link", "extra", None, "https://heron.example"),
        ]),
        ("The debt is 1.4 billion.", "Die Schuld ist 1,4 Billionen.", [
            ("number", "lost", "1.4 billion", None), ("number", "extra", None, "1,4"),
        ]),
        ("It is 50 miles away.", "Es ist 50 Kilometer entfernt.", [
            ("number", "lost", "50", None), ("number", "extra", None, "50"),
        ]),
        ("It is minus 5 degrees.", "Es sind 5 Grad.", [
            ("number", "lost", "minus 5", None), ("number", "extra", None, "5"),
        ]),
        ("It is 5 miles away.", "Es ist fünf Kilometer entfernt.", [("small", "lost", "5", None)]),
        ("One line.", "Eine\nZeile.", [("character", "extra", None, "\n")]),
        ("A <b>red</b> owl", "Eine rote <b></b>Eule", [("tag", "misplaced", "</b>", "</b>")]),
        ("A <b>red</b> owl", "Eine </b>rote<b> Eule", [("tag", "misplaced", "</b>", "</b>")]),
        ("A **red** owl", "Eine **rote* Eule", [("tag", "lost", "**", None)]),
        ("A **red** owl", "Eine rote **** Eule", [("tag", "lost", "**", None), ("tag", "lost", "**", None)]),
        ("A _red_ owl", "Eine rote_Eule", [("tag", "lost", "_", None), ("tag", "lost", "_", None)]),
    ],
)  # fmt: skip
def test_lost_and_invented_spans_are_named(
    source: str, translation: str, faults: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert [
        one for one in verdicts(source, translation) if one[1] in ("lost", "misplaced", "extra")
    ] == faults


@pytest.mark.parametrize(
    ("source", "translation"),
    [("I have 4,887.", "Ich habe 4,887."), ("It is 1.671 m.", "Es sind 1.671 m."), ("¥39,568", "39,568 ¥")],
)
def test_a_number_that_a_german_reads_as_another_one_is_lost(source: str, translation: str) -> None:
    assert [one.verdict for one in check_of(source, translation)] == ["lost", "extra"]
    kept = check(source, 0, find_protected(source), translation, "keep")
    assert not [one for one in kept if one.is_fault]


def test_values_kept_in_english_form_are_found() -> None:
    text = "It costs $1,299.99 at 3:30 p.m. on 12/31/2025, 2.5% of 5km."
    checks = check(text, 0, find_protected(text), text, "keep")
    assert [one.verdict for one in checks] == ["kept"] * 5


def test_kept_and_converted_are_distinguished() -> None:
    assert verdicts("15 of $5 for {x}", "15 von 5 $ für {x}") == [
        ("number", "kept", "15", "15"),
        ("money", "converted", "$5", "5 $"),
        ("placeholder", "kept", "{x}", "{x}"),
    ]


def test_a_broken_character_in_the_source_is_not_a_fault() -> None:
    assert check_of("a \ufffd b", "a \ufffd b") == ()


def test_places_are_offsets_in_the_sentence() -> None:
    text = "Skip this. Take 15."
    spans = [span for span in find_protected(text) if span.start > 10]
    (one,) = check(text[11:], 11, spans, "Nimm 15.")
    assert (one.source, one.target) == ((5, 7), (5, 7))


@pytest.mark.parametrize("unit", ["%s ", "{a} ", "1% "])
def test_thousands_of_equal_spans_are_found_in_turn(unit: str) -> None:
    """In linear time: quadratic time would take minutes, cubic time hours."""
    text = unit * 10_000
    checks = check_of(text, text)
    assert [one.target for one in checks] == [one.source for one in checks]
    assert len(checks) == 10_000
