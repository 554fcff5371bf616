"""Number words, to be translated by the same value, in words or in figures."""

from behaviour_suites.case import Suite, case

SUITE = Suite(
    "numbers",
    (
        case(
            "Seventeen children are waiting for the bus.",
            "Siebzehn Kinder warten auf den Bus.",
            "siebzehn|17",
        ),
        case(
            "My grandfather is eighty-four and still rides his bicycle.",
            "Mein Großvater ist vierundachtzig und fährt immer noch Rad.",
            r"vierundachtzig\w*|84",
        ),
        case(
            "The recipe calls for a dozen eggs.",
            "Für das Rezept braucht man ein Dutzend Eier.",
            "Dutzend|zwölf|12",
        ),
        case(
            "About two hundred people lost their jobs.",
            "Etwa zweihundert Menschen verloren ihre Arbeit.",
            "zwei ?hundert|200",
        ),
        case(
            "She has read the letter three times.",
            "Sie hat den Brief dreimal gelesen.",
            "drei ?mal|3[- ]?mal",
        ),
        case(
            "Twenty-one ships lay in the harbour.",
            "Einundzwanzig Schiffe lagen im Hafen.",
            "einundzwanzig|21",
        ),
        case(
            "Half of the apples in the cellar were rotten.",
            "Die Hälfte der Äpfel im Keller war faul.",
            r"Hälfte|halb\w*|(?:50|fünfzig) ?(?:%|Prozent)|jeder zweite",
        ),
        case(
            "We need one and a half litres of milk.",
            "Wir brauchen anderthalb Liter Milch.",
            r"anderthalb\w*|eine?n? ?und ?eine?n? ?halb\w*|eineinhalb\w*|1,5|1 ?1/2|1 ?½",
        ),
        case(
            "A third of the voters stayed at home.",
            "Ein Drittel der Wähler blieb zu Hause.",
            r"\w*drittel\w*|jede\w* dritte\w*|1/3|⅓",
        ),
        case(
            "Three quarters of the town is under water.",
            "Drei Viertel der Stadt stehen unter Wasser.",
            r"drei ?viertel\w*|3/4|¾|(?:75|fünfundsiebzig) ?(?:%|Prozent)",
        ),
        case(
            "The war ended in nineteen forty-five.",
            "Der Krieg endete neunzehnhundertfünfundvierzig.",
            "1945|neunzehnhundert(?:und)?fünfundvierzig",
        ),
        case(
            "He was born in two thousand and three.",
            "Er wurde zweitausenddrei geboren.",
            "2003|zwei ?tausend ?(?:und)? ?drei",
        ),
        case(
            "The house is over four hundred years old.",
            "Das Haus ist über vierhundert Jahre alt.",
            r"vier ?hundert\w*|400",
        ),
        case(
            "Sixty thousand fans filled the stadium.",
            "Sechzigtausend Fans füllten das Stadion.",
            r"sechzig ?tausend|60[. ]?(?:000|Tausend)",
        ),
        case(
            "The government will spend five billion euros on schools.",
            "Die Regierung wird fünf Milliarden Euro für Schulen ausgeben.",
            r"(?:fünf|5) (?:Milliarden|Mrd\.?)|5[. ]000[. ]000[. ]000",
        ),
        case(
            "Two million visitors came last year.",
            "Zwei Millionen Besucher kamen letztes Jahr.",
            r"(?:zwei|2) (?:Millionen|Mio\.?)|2[. ]000[. ]000",
        ),
        case(
            "Both brothers became bakers.",
            "Beide Brüder wurden Bäcker.",
            r"beide\w*|zwei",
        ),
        case(
            "She won the race for the second time.",
            "Sie gewann das Rennen zum zweiten Mal.",
            r"zweite\w*|2\.",
        ),
        case(
            "The office is on the thirteenth floor.",
            "Das Büro ist im dreizehnten Stock.",
            r"dreizehnte\w*|13\.?",
        ),
        case(
            "He paid twice as much as I did.",
            "Er hat doppelt so viel bezahlt wie ich.",
            r"doppelt\w*|Doppelte\w*|zwei ?mal|2[- ]?mal",
        ),
        case(
            "Hundreds of birds sat on the wires.",
            "Hunderte von Vögeln saßen auf den Drähten.",
            r"hunderte?\w*",
        ),
        case(
            "Thousands of people marched through the city.",
            "Tausende Menschen zogen durch die Stadt.",
            r"tausende?\w*",
        ),
        case(
            "There were dozens of bottles in the cellar.",
            "Im Keller gab es Dutzende von Flaschen.",
            r"dutzend\w*",
        ),
        case(
            "Cut the dough into eight pieces.",
            "Schneiden Sie den Teig in acht Stücke.",
            "acht|8",
        ),
        case(
            "The bridge is fifty-five metres long.",
            "Die Brücke ist fünfundfünfzig Meter lang.",
            "fünfundfünfzig|55",
        ),
        case(
            "Every fifth child in the region cannot swim.",
            "Jedes fünfte Kind in der Region kann nicht schwimmen.",
            r"fünfte\w*|5\.|(?:eine[rs]?|eins) von (?:fünf|5)|(?:20|zwanzig) ?(?:%|Prozent)",
        ),
        case(
            "They have been married for thirty-two years.",
            "Sie sind seit zweiunddreißig Jahren verheiratet.",
            "zweiunddreißig|32",
        ),
        case(
            "It took them eleven days to cross the mountains.",
            "Sie brauchten elf Tage, um die Berge zu überqueren.",
            "elf|11",
        ),
        case(
            "The book has six hundred and twelve pages.",
            "Das Buch hat sechshundertzwölf Seiten.",
            "sechs ?hundert ?(?:und)? ?zwölf|612",
        ),
        case(
            "Only one of the nine windows was open.",
            "Nur eines der neun Fenster war offen.",
            r"ein(?:e[nrs]?|s|zige\w*)?|1",
            "neun|9",
        ),
        case(
            "Take two tablets four times a day.",
            "Nehmen Sie viermal täglich zwei Tabletten.",
            "zwei|2",
            "vier ?mal|4[- ]?mal|4 ?[x×]",
        ),
        case(
            "The twenty-first century began with a crisis.",
            "Das einundzwanzigste Jahrhundert begann mit einer Krise.",
            r"einundzwanzigste\w*|21\.",
        ),
        case(
            "A hundred euros is too much for a pair of shoes.",
            "Hundert Euro sind zu viel für ein Paar Schuhe.",
            "(?:ein)?hundert|100",
        ),
        case(
            "The lake is two and a half kilometres wide.",
            "Der See ist zweieinhalb Kilometer breit.",
            r"zweieinhalb\w*|zwei ?und ?eine?n? ?halb\w*|2,5|2 ?1/2|2 ?½",
        ),
        case(
            "Her daughter is in the fourth year of her studies.",
            "Ihre Tochter ist im vierten Studienjahr.",
            r"vierte\w*|4\.",
        ),
        case(
            "The temperature fell to zero.",
            "Die Temperatur fiel auf null.",
            r"null\w*|0|Gefrierpunkt",
        ),
        case(
            "Fifteen hundred soldiers were sent to the border.",
            "Fünfzehnhundert Soldaten wurden an die Grenze geschickt.",
            r"fünfzehn ?hundert|1[. ]?500|(?:ein)?tausendfünfhundert",
        ),
        case(
            "The president has been in office for a decade.",
            "Der Präsident ist seit zehn Jahren im Amt.",
            r"(?:zehn|10) Jahre\w*|Jahrzehnt\w*|Dekade",
        ),
        case(
            "One in ten letters never arrives.",
            "Jeder zehnte Brief kommt nie an.",
            r"(?:jede[rs]?|ein) zehnte\w*|(?:jede[rs]?|ein) 10\.|(?:ein(?:e[rs]?)?|1) (?:von|aus|unter) (?:zehn|10)|"
            r"(?:zehn|10) (?:%|Prozent)|Zehntel|von (?:zehn|10) Briefen\b.*\bein\w*",
        ),
        case(
            "The first train leaves before the sun comes up.",
            "Der erste Zug fährt ab, bevor die Sonne aufgeht.",
            r"erste\w*|1\.|früheste\w*",
        ),
        case(
            "He owns ninety-nine old clocks.",
            "Er besitzt neunundneunzig alte Uhren.",
            "neunundneunzig|99",
        ),
        case(
            "Mix five spoonfuls of sugar with seven spoonfuls of flour.",
            "Mischen Sie fünf Löffel Zucker mit sieben Löffeln Mehl.",
            "fünf|5",
            "sieben|7",
        ),
        case(
            "The company employs forty-two thousand workers.",
            "Die Firma beschäftigt zweiundvierzigtausend Arbeiter.",
            "zweiundvierzig ?tausend|42[. ]?(?:000|Tausend)",
        ),
        case(
            "Three out of four families own a car.",
            "Drei von vier Familien besitzen ein Auto.",
            r"(?:drei|3) (?:von|aus|der) (?:vier|4)|drei ?viertel\w*|3/4|(?:75|fünfundsiebzig) ?(?:%|Prozent)",
        ),
        case(
            "She lost sixteen kilos in seventy days.",
            "Sie hat in siebzig Tagen sechzehn Kilo abgenommen.",
            "sechzehn|16",
            "siebzig|70",
        ),
        case(
            "The fare has gone up from eighteen to nineteen pounds.",
            "Der Fahrpreis ist von achtzehn auf neunzehn Pfund gestiegen.",
            "achtzehn|18",
            "neunzehn|19",
        ),
        case(
            "The team finished in ninth place.",
            "Die Mannschaft kam auf den neunten Platz.",
            r"neunte\w*|9\.?|(?:Platz|Rang) neun",
        ),
        case(
            "A quarter of an hour later the police arrived.",
            "Eine Viertelstunde später traf die Polizei ein.",
            r"Viertel ?stunde|Viertel einer Stunde|(?:15|fünfzehn) (?:Minuten|Min\.?)",
        ),
    ),
)
