"""The glossary of the benchmark: each kind of entry that users have, and German that the model would never choose."""

from dataclasses import dataclass
from typing import Literal

from translator.text.glossary import Glossary

Kind = Literal["noun", "odd noun", "phrase", "name", "product", "verb", "odd verb"]
Gender = Literal["m", "f", "n", ""]


@dataclass(frozen=True)
class Item:
    """An entry, with what a sentence needs to know of it."""

    kind: Kind
    english: str
    german: str
    """With its forms."""
    gender: Gender = ""
    plural: str = ""
    """Of the English; empty if it has none."""
    german_plural: str = ""
    """One of the forms; empty if the entry has a single form."""


# English, English plural, gender, singular forms, plural forms: usual words, and synonyms that the model rarely writes.
_NOUNS = """
user|users|m|Anwender Anwenders|Anwender Anwendern
customer|customers|m|Auftraggeber Auftraggebers|Auftraggeber Auftraggebern
house|houses|n|Haus Hauses|Häuser Häusern
car|cars|m|Wagen Wagens|Wagen
file|files|n|Dokument Dokuments Dokumentes|Dokumente Dokumenten
folder|folders|n|Verzeichnis Verzeichnisses|Verzeichnisse Verzeichnissen
password|passwords|n|Kennwort Kennworts Kennwortes|Kennwörter Kennwörtern
button|buttons|f|Taste|Tasten
screen|screens|m|Bildschirm Bildschirms Bildschirmes|Bildschirme Bildschirmen
invoice|invoices|f|Rechnung|Rechnungen
order|orders|m|Auftrag Auftrags Auftrages|Aufträge Aufträgen
supplier|suppliers|m|Zulieferer Zulieferers|Zulieferer Zulieferern
employee|employees|m|Angestellter Angestellte Angestellten Angestelltem|Angestellten
meeting|meetings|f|Besprechung|Besprechungen
contract|contracts|f|Vereinbarung|Vereinbarungen
machine|machines|f|Anlage|Anlagen
engine|engines|n|Triebwerk Triebwerks Triebwerkes|Triebwerke Triebwerken
device|devices|n|Gerät Geräts Gerätes|Geräte Geräten
valve|valves|n|Ventil Ventils Ventiles|Ventile Ventilen
pump|pumps|f|Pumpe|Pumpen
wheel|wheels|n|Rad Rads Rades|Räder Rädern
doctor|doctors|m|Mediziner Mediziners|Mediziner Medizinern
patient|patients|m|Patient Patienten|Patienten
school|schools|f|Schule|Schulen
teacher|teachers|f|Lehrkraft|Lehrkräfte Lehrkräften
student|students|m|Lernender Lernende Lernenden Lernendem|Lernenden
university|universities|f|Hochschule|Hochschulen
city|cities|f|Gemeinde|Gemeinden
library|libraries|f|Bücherei|Büchereien
company|companies|m|Betrieb Betriebs Betriebes|Betriebe Betrieben
country|countries|m|Staat Staats Staates|Staaten
gift|gifts|f|Aufmerksamkeit|Aufmerksamkeiten
child|children|m|Sprössling Sprösslings Sprösslinges|Sprösslinge Sprösslingen
policy|policies|f|Richtlinie|Richtlinien
server|servers|m|Rechner Rechners|Rechner Rechnern
"""
# English, English plural, gender, German: a single form, which may be inflected.
_ODD_NOUNS = """
dog|dogs|f|Zwirbelwurz
table|tables|n|Brettwerk
window|windows|f|Guckluke
bottle|bottles|m|Gluckerich
garden|gardens|n|Wachsfeld
chair|chairs|m|Sitzling
letter|letters|n|Schreibblatt
phone|phones|m|Fernsprecher
tree|trees|m|Holzriese
river|rivers|f|Fließrinne
bird|birds|m|Federflitz
kitchen|kitchens|f|Brutzelstube
clock|clocks|m|Tickerkasten
train|trains|f|Eisenraupe
camera|cameras|m|Bildknips
bridge|bridges|m|Übersteg
widget|widgets|n|Dingsbums
gateway|gateways|m|Übergabepunkt
dashboard|dashboards|f|Schaltzentrale
connector|connectors|f|Steckerei
"""
_PHRASES = """
start button|start buttons|m|Startknopf
customer support|||Kundenhilfe
user account|user accounts|n|Anwenderkonto
access code|access codes|m|Zugangsschlüssel
data center|data centers|n|Rechenhaus
board member|board members|n|Gremiumsmitglied
power supply|power supplies|f|Stromeinspeisung
quality control|||Güteprüfung
front door|front doors|m|Haupteingang
emergency exit|emergency exits|f|Rettungstür
opening hours|||Besuchszeiten
terms of use|||Benutzungsregeln
point of sale|||Kassenplatz
return on investment|||Kapitalertrag
human resources department|human resources departments|f|Abteilung Personalwesen
two-factor authentication|||Zwei-Faktor-Anmeldung
safety data sheet|safety data sheets|n|Sicherheitsblatt
coffee machine|coffee machines|m|Kaffeebereiter
bank transfer|bank transfers|f|Geldanweisung
shopping cart|shopping carts|m|Einkaufskorb
"""
_NAMES = """
Acme Corporation|Acme-Gesellschaft
Blue Lake|Blausee
Northwind Traders|Nordwind Handel
Green Valley|Grüntal
Mount Hollow|Hohlberg
Lake Verity|Wahrsee
Stonebridge University|Steinbrück-Universität
Red Harbor|Rothafen
Ministry of Magic|Zaubereiministerium
King's Landing|Königsmund
Winterfell|Winterburg
Riverrun|Schnellwasser
John Barker|Johann Bäcker
The Daily Globe|Tagesglobus
House of Clocks|Haus der Uhren
"""
_PRODUCTS = """
Acme Cloud|Acme-Wolke
CloudBox|CloudBox
SuperSync|SuperSync
SmartDesk Pro|SmartDesk Profi
DataPilot|Datenlotse
FlowMaker|Flussmacher
Photo Studio|Photo Studio
QuickPay|Schnellzahl
Office Suite|Office-Paket
MailGuard|Postwächter
TurboDrive 3000|TurboDrive 3000
GreenLine|Grünlinie
Easy Budget|Einfach-Budget
MapFinder|Kartenfinder
Safe Harbor Mode|Hafenmodus
"""
# English, forms of the German.
_VERBS = """
deploy|bereitstellen bereitgestellt bereitzustellen
delete|entfernen entfernt
install|einrichten
start|hochfahren
print|ausgeben ausgegeben auszugeben
save|sichern gesichert
close|zumachen
copy|vervielfältigen
check|nachsehen
"""
_ODD_VERBS = """
merge|verquirlen
archive|einmotten
upload|hinaufbeamen
rename|umtaufen
share|rundreichen
cancel|abblasen
"""


def items() -> list[Item]:
    """Return all entries."""
    found = [_noun(line) for line in _lines(_NOUNS)]
    found += [_unlisted("odd noun", line) for line in _lines(_ODD_NOUNS)]
    found += [_unlisted("phrase", line) for line in _lines(_PHRASES)]
    for kind, table in (("name", _NAMES), ("product", _PRODUCTS), ("odd verb", _ODD_VERBS)):
        found += [Item(kind, *line.split("|")) for line in _lines(table)]  # type: ignore[arg-type]  # mypy sees strings, not literals
    return found + [Item("verb", one, forms.replace(" ", "|")) for one, forms in _pairs(_VERBS)]


def glossary_of(some: list[Item]) -> Glossary:
    """Return the glossary with these entries."""
    return Glossary.of((item.english, item.german) for item in some)


def _lines(table: str) -> list[str]:
    return table.strip().splitlines()


def _pairs(table: str) -> list[tuple[str, str]]:
    return [(english, german) for english, _, german in (line.partition("|") for line in _lines(table))]


def _noun(line: str) -> Item:
    english, plural, gender, singular, german_plural = line.split("|")
    forms = dict.fromkeys([*singular.split(), *german_plural.split()])
    return Item("noun", english, "|".join(forms), gender, plural, german_plural.split()[0])  # type: ignore[arg-type]  # mypy sees strings, not literals


def _unlisted(kind: Kind, line: str) -> Item:
    english, plural, gender, german = line.split("|")
    return Item(kind, english, german, gender, plural)  # type: ignore[arg-type]  # mypy sees strings, not literals
