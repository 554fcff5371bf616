"""English compounds of two or three words that are one capitalised word in German."""

from behaviour_suites.case import Case, Suite, case


def _compound(source: str, german: str, *nouns: str) -> Case:
    """Make a case with a case-sensitive regular expression for each noun."""
    return case(source, german, *(f"(?-i:{noun})" for noun in nouns))


SUITE = Suite(
    "compounds",
    (
        _compound(
            "The cat is asleep under the kitchen table.",
            "Die Katze schläft unter dem Küchentisch.",
            r"Küchentisch\w*",
        ),
        _compound(
            "Our washing machine is broken again.",
            "Unsere Waschmaschine ist schon wieder kaputt.",
            r"Waschmaschine\w*",
        ),
        _compound(
            "Where have you put my toothbrush?", "Wo hast du meine Zahnbürste hingelegt?", r"Zahnbürste\w*"
        ),
        _compound(
            "The bus driver waved to the children.",
            "Der Busfahrer winkte den Kindern zu.",
            r"(?:Omni|Auto)?[Bb]us(?:fahrer|chauffeur|lenker)\w*",
        ),
        _compound(
            "She baked a birthday cake for her son.",
            "Sie backte ihrem Sohn einen Geburtstagskuchen.",
            r"Geburtstags(?:kuchen|torte)\w*",
        ),
        _compound(
            "He fell off the garden wall.",
            "Er fiel von der Gartenmauer.",
            r"Gartenmauer\w*|Mauer (?:des|im) Gartens?",
        ),
        _compound(
            "The railway bridge was built by soldiers.",
            "Die Eisenbahnbrücke wurde von Soldaten gebaut.",
            r"(?:Eisenb|B)ahnbrücke\w*",
        ),
        _compound(
            "I lost my house keys in the snow.",
            "Ich habe meine Hausschlüssel im Schnee verloren.",
            r"(?:Haus|Haustür|Wohnungs)schlüssel\w*",
        ),
        _compound(
            "Put the apple juice into the fridge.",
            "Stell den Apfelsaft in den Kühlschrank.",
            r"Apfels[aä]ft\w*",
            r"Kühlschrank\w*|Eisschrank\w*",
        ),
        _compound(
            "The town hall was lit up in the evening.",
            "Das Rathaus war am Abend beleuchtet.",
            r"Rathaus\w*|Stadthaus\w*|Gemeindehaus|Gemeindeamt|Stadthalle",
        ),
        _compound(
            "A police car was waiting in front of the bakery.",
            "Vor der Bäckerei wartete ein Polizeiauto.",
            r"Polizei(?:auto|wagen|fahrzeug)\w*|Streifenwagen\w*|Einsatzwagen",
        ),
        _compound(
            "My hair dryer makes a terrible noise.",
            "Mein Haartrockner macht einen schrecklichen Lärm.",
            r"(?:Haart|T)rockner\w*|(?:Haarf|F)öh?n\w*",
        ),
        _compound(
            "They spent the summer holidays on a farm.",
            "Sie verbrachten die Sommerferien auf einem Bauernhof.",
            r"Sommer(?:ferien|urlaub\w*)",
        ),
        _compound(
            "The fire brigade arrived within minutes.",
            "Die Feuerwehr war in wenigen Minuten da.",
            r"Feuerwehr\w*",
        ),
        _compound(
            "We need a new light bulb for the hall.",
            "Wir brauchen eine neue Glühbirne für den Flur.",
            r"Glühbirne\w*|Glühlampe\w*|Birne\w*|Leuchtmittel\w*|Lampe\w*",
        ),
        _compound(
            "The weather forecast was wrong again.",
            "Die Wettervorhersage war wieder falsch.",
            r"Wetter(?:vorhersage|bericht|prognose|voraussage)\w*",
        ),
        _compound(
            "She keeps her shopping list on the phone.",
            "Sie hat ihre Einkaufsliste auf dem Handy.",
            r"Einkaufs(?:liste|zettel)\w*",
        ),
        _compound(
            "The emergency exit is at the end of the corridor.",
            "Der Notausgang ist am Ende des Ganges.",
            r"Not(?:ausgang|ausgäng|ausstieg)\w*",
        ),
        _compound(
            "He drinks a glass of orange juice every morning.",
            "Er trinkt jeden Morgen ein Glas Orangensaft.",
            r"Orangens[aä]ft\w*|O-Saft",
        ),
        _compound(
            "The vegetable soup tastes of nothing.",
            "Die Gemüsesuppe schmeckt nach nichts.",
            r"Gemüsesuppe\w*",
        ),
        _compound(
            "Their living room looks like a museum.",
            "Ihr Wohnzimmer sieht aus wie ein Museum.",
            r"Wohnzimmer\w*|Wohnstube",
        ),
        _compound(
            "A snowball hit the postman.",
            "Ein Schneeball traf den Briefträger.",
            r"Schneeb[aä]ll\w*",
            r"Briefträger\w*|Postbot\w*|Postler|Zusteller\w*",
        ),
        _compound(
            "I have a dentist appointment on Monday.",
            "Am Montag habe ich einen Zahnarzttermin.",
            r"Zahn(?:arzt|ärzt)\w*",
        ),
        _compound(
            "The waste paper basket is full.",
            "Der Papierkorb ist voll.",
            r"Papierk[oö]rb\w*|Papiereimer\w*|Altpapierk[oö]rb\w*|Mülleimer|Abfalleimer|Abfallk[oö]rb\w*",
        ),
        _compound(
            "The rush hour traffic was dreadful.",
            "Der Berufsverkehr war schrecklich.",
            r"(?:Berufs|Stoß|Spitzen|Feierabend|Hauptverkehrs)verkehr\w*|(?:Hauptverkehrs|Stoß|Spitzen)zeit\w*|"
            r"Rushhour-?\w*|Rush-Hour-?\w*|Verkehrsspitze\w*",
        ),
        _compound(
            "The school bus stops in front of our house.",
            "Der Schulbus hält vor unserem Haus.",
            r"Schulbus\w*",
        ),
        _compound(
            "She works as a shop assistant in a shoe shop.",
            "Sie arbeitet als Verkäuferin in einem Schuhgeschäft.",
            r"Verkäufer\w*|Verkaufs\w+|Ladenangestellte\w*|Ladengehilf\w+|Ladenhilfe",
            r"Schuh(?:geschäft|laden)\w*",
        ),
        _compound(
            "A wooden box full of love letters was found in the attic.",
            "Auf dem Dachboden wurde eine Holzkiste voller Liebesbriefe gefunden.",
            r"Liebesbrief\w*",
            r"Dachboden\w*|Dachgeschoss\w*|Dachkammer|Dachstube|Speicher\w*|Estrich|Boden",
        ),
        _compound(
            "The traffic light turned red.",
            "Die Ampel wurde rot.",
            r"(?:Verkehrsa|A)mpel\w*|Lichtsignal|Verkehrslicht",
        ),
        _compound(
            "He collects stamps and picture postcards.",
            "Er sammelt Briefmarken und Ansichtskarten.",
            r"Briefmarken|Postwertzeichen",
            r"(?:Ansichts|Bild|Ansichtspost|Bildpost|Post)karten",
        ),
        _compound(
            "My mother-in-law lives in a nursing home.",
            "Meine Schwiegermutter lebt in einem Pflegeheim.",
            r"Schwiegermutter\w*|Schwiegermama",
            r"(?:Pflege|Alten|Alters|Altenpflege|Senioren|Seniorenpflege)(?:heim|einrichtung)\w*",
        ),
        _compound(
            "The sports teacher has a whistle round his neck.",
            "Der Sportlehrer hat eine Trillerpfeife um den Hals.",
            r"(?:Sport|Turn)lehrer\w*",
        ),
        _compound(
            "There is a power cut in the whole street.",
            "In der ganzen Straße ist Stromausfall.",
            r"Strom(?:ausfall|ausfäll|unterbrechung|sperre)\w*|Blackout|"
            r"Strom (?:\w+ )?(?:weg|ausgefallen)|keinen Strom",
        ),
        _compound(
            "There is a wine stain on the tablecloth.",
            "Auf der Tischdecke ist ein Weinfleck.",
            r"(?:Rotw|W)einfleck\w*|Fleck (?:von|vom) Wein",
            r"Tischdecke\w*|Tischtuch\w*",
        ),
        _compound(
            "Chop the onions on a cutting board.",
            "Hacken Sie die Zwiebeln auf einem Schneidebrett.",
            r"(?:Schneide?|Hack|Küchen)brett\w*",
        ),
        _compound(
            "The wedding dress was made of silk.",
            "Das Hochzeitskleid war aus Seide.",
            r"(?:Hochzeits|Braut)kleid\w*",
        ),
        _compound(
            "The hospital bed has wheels.",
            "Das Krankenhausbett hat Räder.",
            r"(?:Krankenhaus|Kranken|Spitals?|Klinik|Patienten)bett\w*|Bett (?:im Krankenhaus|des Krankenhauses)",
        ),
        _compound(
            "She wrote a children's book about a sea horse.",
            "Sie schrieb ein Kinderbuch über ein Seepferdchen.",
            r"Kinderbuch\w*",
            r"Seepferd\w*",
        ),
        _compound(
            "The swimming pool is open until nine.",
            "Das Schwimmbad ist bis neun geöffnet.",
            r"(?:Schwimm|Frei|Hallen)(?:bad|becken)\w*|Swimmingpool\w*|Swimming-Pool|Pool|Bad",
        ),
        _compound(
            "We missed the last underground train.",
            "Wir haben die letzte U-Bahn verpasst.",
            r"U-Bahn\w*|Untergrundbahn\w*|Metro",
        ),
        _compound(
            "I bought the travel guide at the airport.",
            "Ich habe den Reiseführer am Flughafen gekauft.",
            r"Reise(?:führer|handbuch)\w*",
            r"Flughafen\w*",
        ),
        _compound(
            "The old man repaired his fishing net by candlelight.",
            "Der alte Mann flickte sein Fischernetz bei Kerzenlicht.",
            r"(?:Fisch(?:er|erei)?|Fang)netz\w*",
            r"Kerzen(?:licht|schein)\w*|(?:Licht|Schein) (?:einer|von|der) Kerzen?",
        ),
        _compound(
            "The vacuum cleaner frightens the dog.",
            "Der Staubsauger macht dem Hund Angst.",
            r"Staubsauger\w*",
        ),
        _compound(
            "A rainbow stood over the potato field.",
            "Über dem Kartoffelfeld stand ein Regenbogen.",
            r"Regenb[oö]gen\w*",
            r"(?:Kartoffel|Erdäpfel)(?:feld|acker|äcker)\w*",
        ),
        _compound(
            "Her bedroom window looks out on the car park.",
            "Ihr Schlafzimmerfenster geht auf den Parkplatz.",
            r"Schlafzimmer\w*",
            r"Park(?:platz|plätze|haus|fläche)\w*",
        ),
        _compound(
            "The winter coat cost more than the sewing machine.",
            "Der Wintermantel kostete mehr als die Nähmaschine.",
            r"Winter(?:mantel|mäntel|jacke)\w*",
            r"Nähmaschine\w*",
        ),
        _compound(
            "The lighthouse keeper kept a diary.",
            "Der Leuchtturmwärter führte ein Tagebuch.",
            r"Leuchtturm\w*",
            r"Tagebuch\w*",
        ),
        _compound(
            "The hotel manager gave us a room key and a city map.",
            "Der Hoteldirektor gab uns einen Zimmerschlüssel und einen Stadtplan.",
            r"Zimmerschlüssel\w*|Schlüssel (?:zum|für das) Zimmer",
            r"Stadtplan\w*|Stadtkarte\w*|(?:Karte|Plan) der Stadt",
        ),
    ),
)
