"""Requests, to be translated by an imperative (du, ihr, Sie) or, as in recipes, an infinitive.

A statement or a question is wrong.
"""

from behaviour_suites.case import Case, Suite, case

_CLAUSE_START = (
    r"(?:^|(?<=^[„“\"»«(])|(?<=[,;:.!–-] )|(?<=\bund )|(?<=\boder )|(?<=\bbitte )|(?<=\bdann )|(?<=\bjetzt ))"
)
"""Where "schließt" is an imperative: elsewhere somebody closes something."""
_PREFIXES = (
    r"(?:ab|an|auf|aus|be|bei|da(?:r|zu)?|durch|ein|ent|er|fern|fest|frei|ge|her(?:an|auf|aus|ein|unter|vor)?|"
    r"hin(?:auf|aus|ein|unter|zu)?|hoch|los|mit|nach|nieder|rein|über|um|unter|ver|vor|weg|weiter|wieder|zer|zu|zurück|"
    r"zusammen)*"
)
"""Of verbs: "zugeben" is a form of "geb", and "schalten" none of "halt"."""
_STATED = r"^\W*(?:ich|du|er|sie|es|wir|ihr|man)"
_MODAL = r"(?:muss|müss|soll|kann|könn|würd|darf|dürf)\w* (?:du|Sie|ihr|man)"
_NEVER = rf"{_STATED}|{_MODAL}|\S*\?|wurden?|worden"
_NOT = r"nicht|nie|niemals|kein\w*"


def _order(source: str, german: str, *stems: str, or_else: str = "", negated: bool = False) -> Case:
    """Make a request with these verbs, each given by the stems of its imperative and infinitive.

    A match of `or_else` may replace the first verb.
    """
    wanted = [
        rf"(?#a request: {one}){_PREFIXES}(?:{one})(?:e|e?n)?|{_CLAUSE_START}{_PREFIXES}(?:{one})e?t"
        for one in stems
    ]
    if or_else:
        wanted[0] += f"|{or_else}"
    return case(source, german, *wanted, *([_NOT] if negated else []), never=_NEVER)


SUITE = Suite(
    "imperative",
    (
        _order("Close the gate behind you.", "Schließ das Tor hinter dir.", "schließ|mach|sperr|zieh"),
        _order("Wash your hands before dinner.", "Wascht euch vor dem Essen die Hände.", "wasch"),
        _order(
            "Switch off your phones before the film begins.",
            "Schalten Sie Ihre Telefone aus, bevor der Film beginnt.",
            "schalt|stell|mach|dreh",
        ),
        _order(
            "Peel the potatoes and cut them into small cubes.",
            "Die Kartoffeln schälen und in kleine Würfel schneiden.",
            "schäl",
            "schneid|würfel|zerteil|teil|hack",
        ),
        _order(
            "Turn left after the bridge.",
            "Biegen Sie nach der Brücke links ab.",
            "bieg|fahr|geh|lenk|halt",
        ),
        _order(
            "Do not touch the wet paint.",
            "Nicht die nasse Farbe berühren.",
            "berühr|fass|greif|lang|tast",
            or_else="(?:Finger|Hände) weg",
        ),
        _order("Give me the hammer, please.", "Gib mir bitte den Hammer.", "gib|geb|reich|hol"),
        _order("Wait here until the doctor calls you.", "Warte hier, bis der Arzt dich ruft.", "wart"),
        _order(
            "Add a pinch of salt and stir well.",
            "Eine Prise Salz zugeben und gut umrühren.",
            "geb|gib|füg|streu|tu|misch|rühr",
            "rühr|misch|meng",
        ),
        _order(
            "Open your books at page twelve.",
            "Öffnet eure Bücher auf Seite zwölf.",
            "öffn|schlag|mach|blätter",
        ),
        _order(
            "Be careful with the hot pan.",
            "Sei vorsichtig mit der heißen Pfanne.",
            "sei|pass|gib|geb",
            or_else=r"vorsicht\w*|Achtung|Obacht",
        ),
        _order(
            "Don't forget your umbrella on the train.",
            "Vergiss deinen Regenschirm nicht im Zug.",
            "vergiss|vergess|denk",
        ),
        _order(
            "Sit down and tell me everything.",
            "Setz dich und erzähl mir alles.",
            "setz|nimm|nehm",
            "erzähl|sag|bericht|schilder",
        ),
        _order(
            "Take the second road on the right.",
            "Nehmen Sie die zweite Straße rechts.",
            "nimm|nehm|fahr|bieg|geh",
        ),
        _order(
            "Write your name in capital letters.",
            "Schreiben Sie Ihren Namen in Großbuchstaben.",
            "schreib|trag",
        ),
        _order(
            "Let the dough rest for an hour.",
            "Lassen Sie den Teig eine Stunde ruhen.",
            "lass",
            "ruh|steh|lieg|rast|geh",
        ),
        _order("Help me carry the piano upstairs.", "Hilf mir, das Klavier hochzutragen.", "hilf|helf"),
        _order(
            "Read the instructions before you start the machine.",
            "Lesen Sie die Anleitung, bevor Sie die Maschine starten.",
            "lies|les",
        ),
        _order("Fasten your seat belts.", "Legen Sie den Sicherheitsgurt an.", "schnall|leg|befestig|gurt"),
        _order(
            "Keep the medicine away from children.",
            "Halten Sie das Arzneimittel von Kindern fern.",
            "halt|wahr|stell|lager",
        ),
        _order(
            "Call the police at once!",
            "Rufen Sie sofort die Polizei!",
            "ruf|verständig|hol|alarmier|benachrichtig|telefonier|wähl",
        ),
        _order(
            "Enter your password and press the red button.",
            "Geben Sie Ihr Passwort ein und drücken Sie den roten Knopf.",
            "geb|gib|tipp|trag",
            "drück|klick|betätig",
        ),
        _order(
            "Put the chairs on the tables before you leave.",
            "Stellt die Stühle auf die Tische, bevor ihr geht.",
            "stell|setz|tu|pack|leg",
        ),
        _order(
            "Bake the cake for forty minutes.",
            "Den Kuchen vierzig Minuten backen.",
            "back",
        ),
        _order(
            "Never leave a burning candle alone.",
            "Lassen Sie nie eine brennende Kerze allein.",
            "lass",
            negated=True,
            or_else=r"unbeaufsichtigt \w+",
        ),
        _order(
            "If it rains, bring in the washing.",
            "Wenn es regnet, hol die Wäsche herein.",
            "hol|bring|nimm|nehm|häng",
        ),
        _order(
            "Stop shouting, the neighbours are asleep.",
            "Hör auf zu schreien, die Nachbarn schlafen.",
            "hör|schrei|brüll|ruf|lass",
            or_else="Schluss mit",
        ),
        _order(
            "Ask your teacher or look it up in a dictionary.",
            "Frag deine Lehrerin oder schlag es in einem Wörterbuch nach.",
            "frag",
            "schau|seh|sieh|schlag|such|guck|les|lies",
        ),
        _order(
            "Don't be afraid, the dog is friendly.",
            "Hab keine Angst, der Hund ist lieb.",
            "hab|fürcht|sorg|ängstig",
            or_else=r"^\W*keine (?:Angst|Furcht|Sorge)|sei\w*(?: Sie)? (?:nicht|unbesorgt)",
            negated=True,
        ),
        _order(
            "Bring the water to the boil and add the noodles.",
            "Das Wasser zum Kochen bringen und die Nudeln hineingeben.",
            "bring|koch|lass|erhitz|setz",
            "geb|gib|füg|tu|schütt|leg|werf|wirf",
        ),
        _order(
            "Follow the signs to the city centre.",
            "Folgen Sie den Schildern zum Stadtzentrum.",
            "folg|fahr|geh",
        ),
        _order(
            "Do your homework before you watch television.",
            "Mach deine Hausaufgaben, bevor du fernsiehst.",
            "mach|erledig|tu",
        ),
        _order("Hold the ladder while I climb up.", "Halt die Leiter, während ich hinaufsteige.", "halt"),
        _order(
            "Remember to feed the fish.",
            "Denk daran, die Fische zu füttern.",
            "denk|vergiss|vergess|erinner|gedenk",
        ),
        _order(
            "Save the file before you close the program.",
            "Speichern Sie die Datei, bevor Sie das Programm schließen.",
            "speicher|sicher",
        ),
        _order(
            "Go home and get some sleep.",
            "Geh nach Hause und schlaf ein bisschen.",
            "geh|fahr",
            "schlaf|ruh|leg|hol",
        ),
        _order(
            "Sign here and on the last page, please.",
            "Bitte unterschreiben Sie hier und auf der letzten Seite.",
            "schreib|zeichn|signier",
        ),
        _order(
            "Send us three copies of the contract by Monday.",
            "Schicken Sie uns bis Montag drei Kopien des Vertrags.",
            "schick|send|lass|reich|übermittel",
        ),
        _order(
            "Dry the plates and put them back into the cupboard.",
            "Trockne die Teller ab und stell sie in den Schrank zurück.",
            "trockn|wisch|trocken",
            "stell|räum|leg|pack|setz|tu",
        ),
        _order(
            "Believe me, the key was under the mat.",
            "Glaub mir, der Schlüssel lag unter der Matte.",
            "glaub|vertrau",
        ),
        _order(
            "Stay where you are and don't move!",
            "Bleib, wo du bist, und beweg dich nicht!",
            "bleib",
            "beweg|rühr|reg",
            negated=True,
        ),
        _order(
            "Have another cup of coffee before you leave.",
            "Trinken Sie noch eine Tasse Kaffee, bevor Sie gehen.",
            "nimm|nehm|trink|hab|gönn|hol",
        ),
        _order(
            "Look out of the window, it's snowing.",
            "Schau aus dem Fenster, es schneit.",
            "schau|seh|sieh|guck|blick|kuck",
        ),
        _order(
            "Water the plants twice a week.",
            "Gießen Sie die Pflanzen zweimal in der Woche.",
            "gieß|wässer|spreng",
        ),
        _order(
            "Do not use the lift in case of fire.",
            "Den Aufzug im Brandfall nicht benutzen.",
            "nutz|nütz|wend|nimm|nehm|fahr|brauch",
            negated=True,
        ),
        _order(
            "Ladies and gentlemen, please take your seats.",
            "Meine Damen und Herren, bitte nehmen Sie Platz.",
            "nehm|setz|geb|such",
        ),
    ),
)
