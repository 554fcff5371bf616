"""Negated sentences, whose translations must have a negation, and affirmative ones, whose translations must not."""

from behaviour_suites.case import Case, Suite, case

_NEGATION = (
    r"nicht|nichts|nie|niemals|niemand\w*|kein\w*|nirgend\w*|ohne|weder|keinesfalls|keineswegs|nimmer\w*|"
    "mitnichten"
)


def _pair(
    negated: str,
    negated_german: str,
    affirmed: str,
    affirmed_german: str,
    *,
    or_else: str = "",
    wanted: str = _NEGATION,
    never: str = "",
) -> tuple[Case, Case]:
    """Make a case of a negated sentence and one of its affirmative counterpart; `or_else` is another right negation."""
    return (
        case(negated, negated_german, f"{wanted}|{or_else}" if or_else else wanted, never=never),
        case(affirmed, affirmed_german, never=_NEGATION),
    )


_PAIRS = (
    _pair(
        "The shop does not sell bread on Sundays.",
        "Der Laden verkauft sonntags kein Brot.",
        "The shop also sells bread on Sundays.",
        "Der Laden verkauft auch sonntags Brot.",
    ),
    _pair(
        "Nobody in the class knew the answer.",
        "Niemand in der Klasse wusste die Antwort.",
        "Everybody in the class knew the answer.",
        "Alle in der Klasse wussten die Antwort.",
    ),
    _pair(
        "I have never been to the opera with my mother.",
        "Ich war noch nie mit meiner Mutter in der Oper.",
        "I have often been to the opera with my mother.",
        "Ich war oft mit meiner Mutter in der Oper.",
    ),
    _pair(
        "There is no milk left in the fridge.",
        "Im Kühlschrank ist keine Milch mehr.",
        "There is still some milk in the fridge.",
        "Im Kühlschrank ist noch etwas Milch.",
    ),
    _pair(
        "She left the house without her keys.",
        "Sie verließ das Haus ohne ihre Schlüssel.",
        "She left the house with her keys.",
        "Sie verließ das Haus mit ihren Schlüsseln.",
    ),
    _pair(
        "Neither the cook nor the waiter speaks French.",
        "Weder der Koch noch der Kellner spricht Französisch.",
        "Both the cook and the waiter speak French.",
        "Sowohl der Koch als auch der Kellner sprechen Französisch.",
    ),
    _pair(
        "You must not open this box.",
        "Du darfst diese Kiste nicht öffnen.",
        "You must open this box now.",
        "Du musst diese Kiste jetzt öffnen.",
        or_else=r"verboten|untersagt|unterlass\w*",
        never=r"(?:musst|müssen|müsst)\b.*\bnicht",  # that would be "need not"
    ),
    _pair(
        "We cannot repair the roof before winter.",
        "Wir können das Dach vor dem Winter nicht reparieren.",
        "We can repair the roof before winter.",
        "Wir können das Dach vor dem Winter reparieren.",
        or_else=r"unmöglich|außerstande",
    ),
    _pair(
        "He said nothing about the accident.",
        "Er sagte nichts über den Unfall.",
        "He said a lot about the accident.",
        "Er sagte viel über den Unfall.",
        or_else=r"schwieg\w*|geschwiegen|verschwieg\w*",
    ),
    _pair(
        "My parents do not like loud music.",
        "Meine Eltern mögen keine laute Musik.",
        "My parents love loud music.",
        "Meine Eltern lieben laute Musik.",
    ),
    _pair(
        "The government has not raised taxes this year.",
        "Die Regierung hat die Steuern in diesem Jahr nicht erhöht.",
        "The government has raised taxes this year.",
        "Die Regierung hat die Steuern in diesem Jahr erhöht.",
    ),
    _pair(
        "None of the passengers was hurt.",
        "Keiner der Fahrgäste wurde verletzt.",
        "All of the passengers were hurt.",
        "Alle Fahrgäste wurden verletzt.",
        or_else=r"unverletzt\w*|unversehrt\w*",
    ),
    _pair(
        "Don't wake the baby with your singing!",
        "Weck das Baby nicht mit deinem Gesang!",
        "Wake the baby with your singing!",
        "Weck das Baby mit deinem Gesang!",
    ),
    _pair(
        "Not every student passed the exam.",
        "Nicht jeder Schüler bestand die Prüfung.",
        "Every student passed the exam.",
        "Jeder Schüler bestand die Prüfung.",
        wanted=r"nicht (?:jede\w*|alle\w*|sämtliche\w*|die ganze)|nicht von alle\w*",
    ),
    _pair(
        "There is nowhere to sit in the waiting room.",
        "Im Wartezimmer kann man sich nirgends hinsetzen.",
        "There is plenty of room to sit in the waiting room.",
        "Im Wartezimmer gibt es viel Platz zum Sitzen.",
    ),
    _pair(
        "The soup on the stove isn't hot any more.",
        "Die Suppe auf dem Herd ist nicht mehr heiß.",
        "The soup on the stove is still hot.",
        "Die Suppe auf dem Herd ist noch heiß.",
    ),
    _pair(
        "I don't think that the mechanic is right.",
        "Ich glaube nicht, dass der Mechaniker recht hat.",
        "I think that the mechanic is right.",
        "Ich glaube, dass der Mechaniker recht hat.",
        or_else=r"bezweifle\w*|unrecht|irrt",
    ),
    _pair(
        "It was not easy to find your house.",
        "Es war nicht leicht, dein Haus zu finden.",
        "It was very easy to find your house.",
        "Es war sehr leicht, dein Haus zu finden.",
        or_else=r"schwer|schwierig",
    ),
    _pair(
        "She hardly ever eats meat.",
        "Sie isst kaum Fleisch.",
        "She very often eats meat.",
        "Sie isst sehr oft Fleisch.",
        or_else=r"kaum|selten",
    ),
    _pair(
        "The parcel has not arrived yet.",
        "Das Paket ist noch nicht angekommen.",
        "The parcel has already arrived.",
        "Das Paket ist schon angekommen.",
    ),
    _pair(
        "If you do not pay by Friday, we will cut off the electricity.",
        "Wenn Sie bis Freitag nicht zahlen, stellen wir den Strom ab.",
        "If you pay by Friday, we will give you a discount.",
        "Wenn Sie bis Freitag zahlen, geben wir Ihnen einen Rabatt.",
        or_else=r"andernfalls|sonst",
    ),
    _pair(
        "No dogs are allowed in the restaurant.",
        "Im Restaurant sind keine Hunde erlaubt.",
        "Dogs are allowed in the restaurant.",
        "Hunde sind im Restaurant erlaubt.",
        or_else=r"verboten|untersagt|Hunde ?verbot",
    ),
    _pair(
        "The mayor, who was not at the meeting, heard of it from the newspaper.",
        "Der Bürgermeister, der nicht bei der Sitzung war, erfuhr davon aus der Zeitung.",
        "The mayor, who was at the meeting, wrote about it in the newspaper.",
        "Der Bürgermeister, der bei der Sitzung war, schrieb darüber in der Zeitung.",
        or_else=r"abwesend\w*|fehlte|gefehlt",
    ),
    _pair(
        "I would never have believed that story.",
        "Ich hätte diese Geschichte nie geglaubt.",
        "I always believed that story.",
        "Ich habe diese Geschichte immer geglaubt.",
    ),
    _pair(
        "Why didn't the driver stop at the red light?",
        "Warum hat der Fahrer an der roten Ampel nicht angehalten?",
        "Why did the driver stop at the green light?",
        "Warum hat der Fahrer an der grünen Ampel angehalten?",
    ),
    _pair(
        "The witness did not recognise either of the two men.",
        "Der Zeuge erkannte keinen der beiden Männer.",
        "The witness recognised both of the men.",
        "Der Zeuge erkannte beide Männer.",
    ),
)

_WITHOUT_TWINS = (
    case(
        "My sister doesn't eat fish, and neither do I.",
        "Meine Schwester isst keinen Fisch, und ich auch nicht.",
        _NEGATION,
        r"auch (?:nicht|kein\w*)|eben(?:falls|so)\w* (?:nicht|kein\w*)|(?:ebenso|genauso) ?wenig|weder",
    ),
    case(
        "You needn't bring anything to eat.",
        "Du brauchst nichts zu essen mitzubringen.",
        _NEGATION,
        never=r"darf\w*|dürf\w*",  # that would be "must not"
    ),
    case(
        "The bridge is no longer safe.",
        "Die Brücke ist nicht mehr sicher.",
        rf"{_NEGATION}|unsicher",
        never=r"nicht länger als",
    ),
    case(
        "There was hardly anyone on the beach.",
        "Am Strand war kaum jemand.",
        r"kaum|(?:fast|beinahe|so gut wie|praktisch|nahezu) (?:niemand|kein\w*|leer|menschenleer)",
    ),
    case(
        "He failed to mention that he had lost the key.",
        "Er erwähnte nicht, dass er den Schlüssel verloren hatte.",
        rf"{_NEGATION}|\w*schwieg\w*|versäum\w*|unterl\w+|vergaß|vergessen|unerwähnt",
    ),
    case(
        "Unless the fever goes down, you should call a doctor.",
        "Wenn das Fieber nicht sinkt, solltest du einen Arzt rufen.",
        rf"{_NEGATION}|es sei denn|außer|andernfalls|sonst",
    ),
    case(
        "The answer did not come until Monday.",
        "Die Antwort kam erst am Montag.",
        r"erst|nicht vor|vor\b.* (?:nicht|keine)|bis\b.* (?:nicht|keine)|(?:nicht|keine)\b.* (?:vor|bis)",
    ),
)

SUITE = Suite("negation", (*(one for pair in _PAIRS for one in pair), *_WITHOUT_TWINS))
