"""Times of day, dates, periods and seasons, mostly in words; any German wording of the same time is right."""

from behaviour_suites.case import Suite, case

SUITE = Suite(
    "times",
    (
        case(
            "The film starts at half past three.",
            "Der Film fängt um halb vier an.",
            r"halb (?:vier|4)|(?:0?3|15)[:.]30|(?:drei|3|15|fünfzehn) Uhr (?:30|dreißig)",
        ),
        case(
            "We usually have breakfast at a quarter to seven.",
            "Wir frühstücken gewöhnlich um Viertel vor sieben.",
            r"Viertel vor (?:sieben|7)|drei ?viertel (?:sieben|7)|0?6[:.]45|(?:sechs|6) Uhr (?:45|fünfundvierzig)",
        ),
        case(
            "The ferry sails at a quarter past eleven.",
            "Die Fähre legt um Viertel nach elf ab.",
            r"Viertel nach (?:elf|11)|viertel (?:zwölf|12)|(?:11|23)[:.]15|(?:elf|11|23) Uhr (?:15|fünfzehn)",
        ),
        case(
            "It was ten to six when the lights went out.",
            "Es war zehn vor sechs, als die Lichter ausgingen.",
            r"(?:zehn|10) (?:Minuten )?vor (?:sechs|6|18)|(?:0?5|17)[:.]50|(?:fünf|5|17) Uhr (?:50|fünfzig)",
        ),
        case(
            "My alarm rings at five past six.",
            "Mein Wecker klingelt um fünf nach sechs.",
            r"(?:fünf|5) (?:Minuten )?nach (?:sechs|6|18)|(?:0?6|18)[:.]05|(?:sechs|6) Uhr (?:0?5|fünf)",
        ),
        case(
            "The shop opens at nine in the morning.",
            "Der Laden öffnet um neun Uhr morgens.",
            r"neun|0?9(?:[:.]00)?",
            never=r"21(?:[:.]00)?|abends?",
        ),
        case(
            "Dinner is served at seven in the evening.",
            "Das Abendessen wird um sieben Uhr abends serviert.",
            r"sieben|0?7(?:[:.]00)?|19(?:[:.]00)?|neunzehn",
            r"\w*abend\w*|19(?:[:.]00)?|neunzehn",
        ),
        case(
            "The bells ring at noon.",
            "Die Glocken läuten mittags.",
            r"Mittag\w*|zwölf|12(?:[:.]00)?",
            never=r"Nachmittag\w*",
        ),
        case(
            "Nobody is allowed on the street after midnight.",
            "Nach Mitternacht darf niemand auf die Straße.",
            r"Mitternacht\w*|(?:0|24|null|zwölf|12)(?:[:.]00)? Uhr(?: nachts)?",
        ),
        case(
            "I will call you the day after tomorrow.",
            "Ich rufe dich übermorgen an.",
            "übermorgen",
        ),
        case(
            "They came back from Spain the day before yesterday.",
            "Sie sind vorgestern aus Spanien zurückgekommen.",
            "vorgestern",
        ),
        case(
            "Last night someone broke into the garage.",
            "Letzte Nacht ist jemand in die Garage eingebrochen.",
            r"gestern|gestrige\w*|(?:letzte|vergangene|vorige|heute)[nr]? Nacht|in der Nacht|nachts",
        ),
        case(
            "What is for dinner tonight?",
            "Was gibt es heute Abend zu essen?",
            r"heut(?:e|ige\w*)?|diesen Abend",
        ),
        case(
            "This morning the milk was sour.",
            "Heute Morgen war die Milch sauer.",
            r"heute (?:Morgen|früh|Vormittag)|(?:diese|heutige)[mn] Morgen",
        ),
        case(
            "The contract ends in a fortnight.",
            "Der Vertrag endet in zwei Wochen.",
            r"(?:zwei|2) Wochen|(?:vierzehn|14) Tage\w*",
        ),
        case(
            "The library is closed on Wednesdays.",
            "Die Bücherei ist mittwochs geschlossen.",
            r"mittwoch\w*",
        ),
        case(
            "Please return the books by Thursday.",
            "Bitte geben Sie die Bücher bis Donnerstag zurück.",
            r"bis(?: \w+){0,2} Donnerstag\w*|spätestens(?: \w+)? Donnerstag\w*",
        ),
        case(
            "She has lived here since March.",
            "Sie wohnt seit März hier.",
            r"seit(?: \w+){0,2} März",
        ),
        case(
            "An hour ago the road was still open.",
            "Vor einer Stunde war die Straße noch offen.",
            r"vor(?: \w+)? (?:einer|1) (?:ganzen )?Stunde",
        ),
        case(
            "We moved to the coast three years ago.",
            "Wir sind vor drei Jahren an die Küste gezogen.",
            r"vor(?: \w+)? (?:drei|3) Jahren",
        ),
        case(
            "The meeting lasted an hour and a half.",
            "Die Besprechung dauerte anderthalb Stunden.",
            r"anderthalb\w*|ein(?:e|und)?ein ?halb\w*|eine ?und ?eine ?halbe|1,5|1 ?½|(?:neunzig|90) Minuten|"
            r"eine Stunde und (?:eine halbe|dreißig|30)",
        ),
        case(
            "The doctor comes every other day.",
            "Der Arzt kommt jeden zweiten Tag.",
            r"jede[nm]? (?:zweiten|2\.) Tag|alle (?:zwei|2) Tage|jeden übernächsten Tag",
        ),
        case(
            "At weekends the village is full of tourists.",
            "An den Wochenenden ist das Dorf voller Touristen.",
            r"Wochenend\w*",
        ),
        case(
            "It was snowing at dawn.",
            "Im Morgengrauen schneite es.",
            r"\w*grauen|Tagesanbruch|\w*dämmer\w*|Sonnenaufgang|frühe\w* Morgen\w*|früh am Morgen|frühmorgens|"
            r"in aller Frühe|als es (?:hell|Tag) wurde",
        ),
        case(
            "The harvest begins in early September.",
            "Die Ernte beginnt Anfang September.",
            r"(?:Anfang|Beginn|anfangs)(?: des)?(?: Monats)? Septembers?|frühen September|ersten (?:Tagen|Hälfte)\b.*",
        ),
        case(
            "The letter arrived on the fourth of October.",
            "Der Brief kam am vierten Oktober an.",
            r"(?:vierte[nr]?|0?4\.) ?(?:Oktober|10\.)",
        ),
        case(
            "By the end of June all the cherries are gone.",
            "Bis Ende Juni sind alle Kirschen weg.",
            r"(?:Ende|Schluss)(?: des)?(?: Monats)? Junis?",
        ),
        case(
            "The tram runs every twenty minutes.",
            "Die Straßenbahn fährt alle zwanzig Minuten.",
            r"alle (?:zwanzig|20) (?:Minuten|Min\.?)|(?:zwanzig|20)-?Minuten-?Takt|zwanzigminüt\w+|"
            r"Abstand von (?:zwanzig|20) Minuten",
        ),
        case(
            "He works from eight to half past four.",
            "Er arbeitet von acht bis halb fünf.",
            r"acht|0?8(?:[:.]00)?",
            r"halb (?:fünf|5)|(?:0?4|16)[:.]30|(?:vier|4|sechzehn|16) Uhr (?:dreißig|30)",
        ),
        case(
            "Our plane lands at 4:20 p.m.",
            "Unser Flugzeug landet um 16:20 Uhr.",
            r"16[:.]20|16 Uhr 20|sechzehn Uhr zwanzig|0?4[:.]20(?: Uhr)? (?:nachmittags|am Nachmittag)|"
            r"zwanzig nach vier",
        ),
        case(
            "School begins at 8 a.m. and ends at 1 p.m.",
            "Die Schule beginnt um 8 Uhr und endet um 13 Uhr.",
            r"acht|0?8(?:[:.]00)?",
            r"dreizehn|13(?:[:.]00)?|(?:ein|0?1|1[:.]00) Uhr (?:nach)?mittags|(?:ein|1) Uhr am Nachmittag|eins",
        ),
        case(
            "In the seventies nobody wore a helmet.",
            "In den Siebzigern trug niemand einen Helm.",
            r"siebzig\w*|(?:19)?70-?er\w*|neunzehnhundertsiebzig\w*",
        ),
        case(
            "Next Friday is a holiday.",
            "Nächsten Freitag ist ein Feiertag.",
            r"(?:nächst|kommend|diese)\w* Freitag|Freitag (?:(?:nächst|kommend)\w*|in einer Woche)",
        ),
        case(
            "She visits her parents twice a month.",
            "Sie besucht ihre Eltern zweimal im Monat.",
            r"zwei ?mal|2[- ]?mal|2 ?[x×]|alle (?:zwei|2) Wochen",
            r"\w*Monat\w*|alle (?:zwei|2) Wochen",
        ),
        case(
            "It is twenty-five to ten.",
            "Es ist fünf nach halb zehn.",
            r"(?:fünf|5) (?:Minuten )?nach halb (?:zehn|10)|(?:fünfundzwanzig|25) (?:Minuten )?vor (?:zehn|10)|"
            r"(?:0?9|21)[:.]35|(?:neun|9|21) Uhr (?:fünfunddreißig|35)",
        ),
        case(
            "The concert was over shortly before ten o'clock.",
            "Das Konzert war kurz vor zehn Uhr zu Ende.",
            r"(?:kurz|knapp|(?:wenig|ein paar)\w* Minuten) vor (?:zehn|10|22|zweiundzwanzig)(?:[:.]00)?",
        ),
        case(
            "The workers rest for thirty minutes in the afternoon.",
            "Die Arbeiter ruhen sich am Nachmittag dreißig Minuten aus.",
            r"(?:dreißig|30) Minuten|halbe Stunde|halbstünd\w*",
            r"nachmittag\w*",
        ),
        case(
            "We have been waiting for half an hour.",
            "Wir warten seit einer halben Stunde.",
            r"halbe\w* Stunde|(?:dreißig|30) Minuten",
            never="auf eine halbe Stunde|auf (?:dreißig|30)",
        ),
        case(
            "In those days winter lasted for six months.",
            "Damals dauerte der Winter sechs Monate.",
            r"(?:sechs|6) Monate\w*|halbes Jahr",
        ),
        case(
            "The trial will begin on the first Monday in May.",
            "Der Prozess beginnt am ersten Montag im Mai.",
            r"ersten?|1\.",
            r"\w*montag",
            r"Mai\w*",
        ),
        case(
            "Autumn came early that year.",
            "In jenem Jahr kam der Herbst früh.",
            r"Herbst\w*",
            r"\w*früh\w*|\w*zeitig\w*|bald",
        ),
        case(
            "The bank closes at five on Saturdays.",
            "Samstags schließt die Bank um fünf.",
            r"fünf|0?5(?:[:.]00)?|17(?:[:.]00)?|siebzehn",
            r"samstags?|sonnabends?|an (?:allen )?(?:Samstag|Sonnabend)en",
        ),
        case(
            "Ring me tomorrow morning before eight.",
            "Ruf mich morgen früh vor acht an.",
            r"morg(?:en|ige\w*)",
            r"vor(?: \w+)? (?:acht|0?8)(?:[:.]00)?",
        ),
        case(
            "The night shift lasts from ten p.m. to six a.m.",
            "Die Nachtschicht dauert von 22 Uhr bis 6 Uhr.",
            r"22(?:[:.]00)?|zweiundzwanzig|zehn|10(?:[:.]00)?(?: Uhr)? (?:abends|nachts|am Abend)",
            r"sechs|0?6(?:[:.]00)?",
            never=r"[ap]\. ?m",
        ),
        case(
            "On New Year's Eve we stay up until the early hours.",
            "An Silvester bleiben wir bis in die frühen Morgenstunden auf.",
            r"Sylvester\w*|Silvester\w*|Altjahr\w+|letzten (?:Tag|Abend) des Jahres",
        ),
    ),
)
