"""Idioms, to be translated by a German idiom or in plain words, but not word for word.

The lists of German wordings are long, but cannot be complete.
"""

from behaviour_suites.case import Suite, case

_EASY = (
    r"(?:kinder|baby)?leicht\w*|(?:super|total)?einfach\w*|Kinderspiel\w*|Klacks|Kleinigkeit|Spaziergang|Leichtes|"
    r"mit links|keine Kunst|Kinderkram|Zuckerschlecken|Pappenstiel|Lappalie|ein Witz|geschenkt|problemlos|"
    r"Pipifax|Honigschlecken"
)
_TOLD = (
    r"\w*verr[aie]t\w*|verrate\w*|\w*plauder\w*|verplapper\w*|\w*plappert\w*|verquatsch\w*|\w*gequatscht|"
    r"\w*posaun\w*|gepetzt|petzte|gelüftet|lüftete|preis\w*|ausgepackt|packte|offenbart\w*|verpfiff\w*|erzählt\w*|"
    r"Katze\w* aus dem Sack|Nähkästchen"
)

SUITE = Suite(
    "idioms",
    (
        case(
            "Take a coat, it's raining cats and dogs out there.",
            "Nimm einen Mantel mit, draußen regnet es in Strömen.",
            r"Strömen|Bindfäden|(?:wie )?(?:aus|mit) (?:Eimern|Kübeln|Kannen)|gießt|schüttet|stark|heftig|"
            r"keinen Hund|Hundewetter|Sauwetter|Wolkenbruch|Platzregen|Schusterjungen",
            never="Katzen?|Hunden?",
        ),
        case(
            "The exam was a piece of cake.",
            "Die Prüfung war ein Kinderspiel.",
            _EASY,
            never=r"\w*kuchen\w*|\w*torte\w*",
        ),
        case(
            "Break a leg tonight!",
            "Hals- und Beinbruch für heute Abend!",
            r"Beinbruch|Glück|toi|Erfolg\w*|Gelingen|Daumen",
            never=r"brich|brechen|brecht|breche",
        ),
        case(
            "The old king kicked the bucket last winter.",
            "Der alte König hat letzten Winter den Löffel abgegeben.",
            r"\w*storben|\w*starb|Löffel|Gras|segnete|gesegnet|\w*kratzt\w*|abgenippelt|tot|über den Jordan|"
            r"Radieschen|hops\w*|draufgegangen|ums Leben|dahin\w*|das Zeitliche",
            never=r"\w*eimer\w*|Kübel\w*",
        ),
        case(
            "Once in a blue moon we go dancing.",
            "Alle Jubeljahre gehen wir tanzen.",
            r"\w*selten\w*|alle heiligen Zeiten|Jubeljahre\w*|Schaltjahr\w*|kaum|fast nie|so gut wie nie",
            never=r"blau\w*|\w*mond\w*",
        ),
        case(
            "She spilled the beans about the surprise party.",
            "Sie hat die Überraschungsparty verraten.",
            _TOLD,
            never=r"\w*bohnen?",
        ),
        case(
            "I'm feeling a bit under the weather today.",
            "Ich fühle mich heute nicht ganz wohl.",
            r"nicht(?: \w+){0,4} (?:wohl|gut|fit|besonders|Damm|auf der Höhe|in Form)|unwohl|schlecht\w*|krank\w*|"
            r"kränklich|angeschlagen|mies|elend|schlapp|unpässlich|neben der Spur|schwach",
            never=r"\w*wetter\w*",
        ),
        case(
            "That jacket cost me an arm and a leg.",
            "Diese Jacke hat mich ein Vermögen gekostet.",
            r"Vermögen|\w*teuer\w*|\w*teure\w*|Stange|\w*geld|Haufen|Unsumme\w*|Unmenge\w*|viel|Kleingeld",
            never=r"Arme?s?|Beine?s?",
        ),
        case(
            "Let's call it a day and go home.",
            "Machen wir Feierabend und gehen nach Hause.",
            r"Feierabend|Schluss|genug|reicht|\w*hören|gut sein|beenden|Ende|Schicht|belassen|für heute",
            never=r"nenn\w*|\w*rufen?|rufe?t?",
        ),
        case(
            "With that remark the nurse hit the nail on the head.",
            "Mit dieser Bemerkung hat die Krankenschwester den Nagel auf den Kopf getroffen.",
            r"Nagel auf den Kopf|genau|richtig\w*|Punkt|Schwarze|recht",
        ),
        case(
            "My neighbour has green fingers.",
            "Meine Nachbarin hat einen grünen Daumen.",
            r"Daumen|Händchen|\w*gärtner\w*|(?:Hand|Gespür|Talent) für",
            never=r"grüne\w* Finger\w*",
        ),
        case(
            "You want more free time and a higher salary, but you can't have your cake and eat it.",
            "Du willst mehr Freizeit und mehr Gehalt, aber man kann nicht auf zwei Hochzeiten tanzen.",
            r"Hochzeiten|beides|alles|Pelz|Fünfer|beide\w*",
            never=r"\w*kuchen\w*|\w*torte\w*",
        ),
        case(
            "I have made my offer, now the ball is in your court.",
            "Ich habe mein Angebot gemacht, jetzt sind Sie am Zug.",
            r"am Zug|Reihe|dran|(?:bei|an) (?:dir|Ihnen|euch)|dein\w* Zug|Ihr Zug|Spielfeld\w*|Spielhälfte|"
            r"(?:dein|euer|Ihr)\w* (?:Feld|Hälfte|Seite)",
            never=r"Gericht(?:s\w*)?|\w*hofe?s?|\w*platz",
        ),
        case(
            "We will have to bite the bullet and pay.",
            "Wir werden in den sauren Apfel beißen und zahlen müssen.",
            r"sauren Apfel|Zähne\w*|Kröte|\w*schluck\w*|zusammenreiß\w*|überwinden|abfinden|wohl oder übel|durch",
            never=r"\w*kugel\w*|Geschoss\w*|Patrone\w*|Munition",
        ),
        case(
            "Don't beat about the bush, tell me what happened.",
            "Red nicht um den heißen Brei herum, sag mir, was passiert ist.",
            r"Brei|\w*drum\w*|\w*herum\w*|rum\w*|Umschweife|zur Sache|Klartext|spannend|auf den Punkt|"
            r"ausweich\w*|weich",
            never=r"\w*busch\w*|\w*büsche\w*|Strauch|Gebüsch",
        ),
        case(
            "Don't despair, every cloud has a silver lining.",
            "Verzweifle nicht, auf Regen folgt Sonnenschein.",
            r"(?:etwas|sein|was|jedes|alles) Gutes?|Gute\w*|Licht\w*|Sonne\w*|Silberstreif\w*|Glück|Hoffnung\w*",
            never=r"\w*futter\w*|Auskleidung|\w*linie\w*|Verkleidung",
        ),
        case(
            "Speak of the devil! There he comes.",
            "Wenn man vom Teufel spricht! Da kommt er.",
            "Teufels?|Esel|fabula",
            r"spr[aie]ch\w*|gesprochen|redet?|nennt|genannt|denkt|erwähnt|tratscht|fabula",
            never=r"^\W*(?:sprich|sprecht|sprechen Sie|rede|redet|reden Sie)",
        ),
        case(
            "After the long walk I slept like a log.",
            "Nach der langen Wanderung habe ich geschlafen wie ein Stein.",
            r"Stein|Murmeltier\w*|Bär|Baby|Tote[rn]?|fest|tief|Engel|Ratz\w*|Sack|Dachs",
            never=r"Protokoll\w*|\w*log\w*|\w*holz\w*|\w*klotz\w*|Baumstamm|Stamm",
        ),
        case(
            "My car gave up the ghost on the motorway.",
            "Mein Auto hat auf der Autobahn den Geist aufgegeben.",
            r"Geist(?: auf der Autobahn)? auf(?:gegeben|gab)?(?! de[mr])|kaputt\w*|"
            r"Löffel|versagt\w*|liegen\w*|Dienst|\w*streik\w*|zusammengebrochen|krepiert\w*|"
            r"verreckt\w*|schlapp\w*|Panne",
            never=r"Gespenst\w*|Phantom",
        ),
        case(
            "The twins are as like as two peas in a pod.",
            "Die Zwillinge gleichen sich wie ein Ei dem anderen.",
            r"Ei|Haar\w*|\w*gleich\w*|\w*ähnlich\w*|ähneln|unterscheid\w*",
            never=r"\w*erbsen?|Schoten?|Hülse",
        ),
        case(
            "Keep your fingers crossed for me tomorrow.",
            "Drück mir morgen die Daumen.",
            r"Daumen|Glück",
            never=r"Finger\w*|\w*kreuz\w*",
        ),
        case(
            "He has been pulling my leg all evening.",
            "Er hat mich den ganzen Abend auf den Arm genommen.",
            r"Arm|Schippe|Schüppe|an der Nase|veräppel\w*|verarsch\w*|verulk\w*|aufgezogen|zieht|gefoppt|foppt|"
            r"veralber\w*|Schmäh|hochgenommen|Bären|gehänselt|geneckt|neckt|aufs Korn|scherz\w*|Scherz\w*|lustig|"
            r"zum Narren|Spaß|Spaße\w*",
            never=r"Beine?s?",
        ),
        case(
            "Then Dad let the cat out of the bag.",
            "Dann ließ Papa die Katze aus dem Sack.",
            _TOLD + r"|Katze aus dem Sack",
            never=r"\w*tasche\w*|Beutel\w*|Tüte\w*",
        ),
        case(
            "The contract is all Greek to me.",
            "Bei diesem Vertrag verstehe ich nur Bahnhof.",
            r"spanisch\w*|Bahnhof|böhmische\w*|\w*chinesisch\w*|versteh\w*|Hieroglyphen|Rätsel|schleierhaft|"
            r"unverständlich|Kauderwelsch|Siegeln|kapier\w*|begreif\w*",
            never=r"\w*griech\w*",
        ),
        case(
            "She was over the moon when she heard the news.",
            "Sie war überglücklich, als sie die Nachricht hörte.",
            r"\w*glücklich\w*|sieb(?:en)?te\w*|Himmel|Häuschen|Wolke\w*|\w*freut\w*|begeistert\w*|Freude|selig|"
            r"entzückt|froh|hin und weg|außer sich",
            never=r"\w*mond\w*",
        ),
        case(
            "These complaints are only the tip of the iceberg.",
            "Diese Beschwerden sind nur die Spitze des Eisbergs.",
            r"Spitze\w*",
            r"Eisberg\w*",
        ),
        case(
            "If we go by train, we kill two birds with one stone.",
            "Wenn wir mit dem Zug fahren, schlagen wir zwei Fliegen mit einer Klappe.",
            r"Fliegen|auf einen (?:Schlag|Streich)|Aufwasch|Abwasch",
            never=r"Vögeln?|Steine?n?",
        ),
        case(
            "If you suspect the gardener, you are barking up the wrong tree.",
            "Wenn Sie den Gärtner verdächtigen, sind Sie auf dem Holzweg.",
            r"Holzweg|\w*irr\w*|\w*täusch\w*|falsche\w* (?:Fährte|Spur|Dampfer|Adresse|Pferd|Weg|Richtung|Person)|"
            r"(?:liegen|liegst|liegt)\b.* (?:falsch|daneben|schief)|schief|verkehrt|Unrecht|unrecht|auf dem falschen",
            never=r"bell\w*|\w*b[aä]um\w*|Rinde",
        ),
        case(
            "This puzzle is a hard nut to crack.",
            "Dieses Rätsel ist eine harte Nuss.",
            r"(?:harte|schwere)\w* (?:Nuss|Brocken|Rätsel)|schwer|schwierig\w*|kniff?e?lig\w*|Kopfnuss|"
            r"vertrackt\w*|knabbern|beißen",
        ),
        case(
            "Grandfather is as fit as a fiddle.",
            "Großvater ist fit wie ein Turnschuh.",
            r"\w*fit|gesund|kerngesund|munter|Fisch im Wasser|pudelwohl|Form|quicklebendig|rüstig|auf Zack",
            never=r"Geige\w*|Fiedel\w*|Violine\w*",
        ),
        case(
            "In this crisis we are all in the same boat.",
            "In dieser Krise sitzen wir alle im selben Boot.",
            r"(?:selben|gleichen|einem) Boot",
        ),
        case(
            "Horror films are not my cup of tea.",
            "Horrorfilme sind nicht mein Fall.",
            r"Fall|Geschmack|Ding|Sache|gefallen|mag|Bier|liegen|Welt|meins|begeister\w*|für mich|Kragenweite|"
            r"interessieren|anfangen|ansprechen|abgewinnen",
            never=r"\w*tee|\w*tees|Tasse\w*",
        ),
        case(
            "Her brother bought a pig in a poke.",
            "Ihr Bruder hat die Katze im Sack gekauft.",
            r"Katze im Sack|unbesehen|ungesehen|blind\w*|ungeprüft",
            never=r"\w*schwein\w*|Ferkel",
        ),
        case(
            "My aunt turned up out of the blue.",
            "Meine Tante tauchte aus heiterem Himmel auf.",
            r"plötzlich|unerwartet\w*|überraschend\w*|Himmel|un(?:an)?gemeldet|unangekündigt|unversehens|Nichts|"
            r"unvermutet|unverhofft|auf einmal|Überraschung|Blitz",
            never=r"\w*blau\w*",
        ),
        case(
            "I can't help you now, I have other fish to fry.",
            "Ich kann dir jetzt nicht helfen, ich habe Wichtigeres zu tun.",
            r"andere\w*|wichtigere\w*|bessere\w*|genug|Sorgen",
            never=r"\w*fisch\w*|\w*brat\w*|frittier\w*",
        ),
        case(
            "You've got to be kidding me.",
            "Das ist doch nicht dein Ernst.",
            r"\w*scherz\w*|\w*witz\w*|\w*spaß\w*|Ernst|verarsch\w*|veräppel\w*|veralber\w*|Arm|Schippe|wahr",
            never=r"Kind\w*|mich scherzen",
        ),
        case(
            "Hold your horses, we have plenty of time.",
            "Immer mit der Ruhe, wir haben viel Zeit.",
            r"langsam\w*|Ruhe|ruhig\w*|sachte?|Moment|warte\w*|\w*geduld\w*|halblang|Gemach|nicht so|Eile|keine Hast|"
            r"keinen Stress",
            never=r"(?:deine|Ihre|eure|die) (?:Pferde|Rosse)",
        ),
        case(
            "Better safe than sorry: take both keys.",
            "Vorsicht ist besser als Nachsicht: Nimm beide Schlüssel mit.",
            r"\w*vorsicht\w*|\w*sicher\w*|Nummer sicher|Porzellankiste",
            never=r"leid|entschuldig\w*|traurig\w*|\w*bedauer\w*",
        ),
        case(
            "There is something fishy about this offer.",
            "An diesem Angebot ist etwas faul.",
            r"faul\w*|stimmt|verdächtig\w*|seltsam\w*|komisch\w*|merkwürdig\w*|dubios\w*|suspekt\w*|Haken|stinkt|"
            r"zwielichtig\w*|koscher|fragwürdig\w*|nicht in Ordnung|nicht geheuer|spanisch|zweifelhaft\w*|unseriös\w*",
            never=r"\w*fisch\w*",
        ),
        case(
            "The boss got out of bed on the wrong side.",
            "Der Chef ist mit dem falschen Fuß aufgestanden.",
            r"(?:falsch|verkehrt|link)\w* (?:Fuß|Bein)\w*|\w*laune\w*|\w*launt\w*",
        ),
        case(
            "The plan to build a bridge is back to square one.",
            "Der Plan, eine Brücke zu bauen, steht wieder ganz am Anfang.",
            r"Anfang\w*|von vorne?|null|Ausgangspunkt|Start\w*|neuem|Neubeginn|Beginn|Reißbrett|Los|Feld (?:eins|1)",
            never=r"\w*quadrat\w*|\w*platz\w*",
        ),
        case(
            "The new mayor rubs many people up the wrong way.",
            "Der neue Bürgermeister eckt bei vielen Leuten an.",
            r"eckt|verärger\w*|\w*ärger\w*|Schlips|Kopf|nervt|irritier\w*|gegen den Strich|auf die Nerven|reizt|"
            r"vergrault|Füße|Fuß|unbeliebt|verprell\w*|missfällt|unsympathisch|stört|aufreg\w*",
            never=r"reibt|gerieben|reiben",
        ),
    ),
)
