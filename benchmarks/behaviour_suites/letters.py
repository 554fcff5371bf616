"""Formulas of letters, to be translated by the German formula, not word for word."""

from behaviour_suites.case import Suite, case

_GREETINGS = r"(?:freundlich|herzlich|best|viel|lieb|schön|nett)\w* Gr[uü]ß\w*"
_FORMAL_CLOSE = rf"{_GREETINGS}|hochachtungsvoll|(?:vorzüglicher )?Hochachtung|freundlichst"
_WISHES = r"wünsch\w*|Wünsche\w*|Glückwunsch\w*|Glückwünsche\w*|Alles Gute|Alles Liebe|gratulier\w*"
_ENCLOSED = (
    r"anbei|anliegend\w*|Anlage\w*|Anhang\w*|\w*beigefügt\w*|angehängt\w*|angefügt\w*|beigelegt\w*|beiliegend\w*|"
    r"lege|füge|hänge|liegt|sende\w*|schicke\w*|übersende\w*"
)
_ANSWER = r"\w*antwort\w*|Rückmeldung\w*|melde\w*"

SUITE = Suite(
    "letters",
    (
        case(
            "Dear Sir or Madam, I have a question about your heaters.",
            "Sehr geehrte Damen und Herren, ich habe eine Frage zu Ihren Heizgeräten.",
            r"\w*ehrte\w* (?:Damen?|Herr\w*|Frau)",
        ),
        case(
            "Dear Mr Carter,",
            "Sehr geehrter Herr Carter,",
            r"(?:\w*ehrter|Lieber|Werter|Guten Tag,?) Herr Carter",
        ),
        case(
            "Dear Mrs Whitfield,",
            "Sehr geehrte Frau Whitfield,",
            r"(?:\w*ehrte|Liebe|Werte|Guten Tag,?) Frau Whitfield",
        ),
        case(
            "Dear Grandma,",
            "Liebe Oma,",
            r"(?:Meine )?(?:Liebe|Liebste) (?:Oma|Omi|Omma|Großmutter|Großmama)",
        ),
        case("Dear Uncle George,", "Lieber Onkel George,", r"(?:Mein )?(?:Lieber|Hallo) Onkel Georg(?:e)?"),
        case(
            "Dear friends and neighbours,",
            "Liebe Freunde und Nachbarn,",
            r"(?:liebe\w*|werte\w*|\w*ehrte\w*) Freund\w*",
            r"Nachbar\w*",
        ),
        case(
            "Dear customer, your parcel is on its way.",
            "Sehr geehrter Kunde, Ihr Paket ist unterwegs.",
            r"(?:Liebe|Werte|\w*ehrte)[rn]? (?:Kund\w*|Damen)",
        ),
        case("Yours sincerely, Helen Marsh", "Mit freundlichen Grüßen Helen Marsh", _FORMAL_CLOSE),
        case("Yours faithfully, Robert Ellis", "Hochachtungsvoll Robert Ellis", _FORMAL_CLOSE),
        case("Kind regards from the whole office,", "Freundliche Grüße vom ganzen Büro", _FORMAL_CLOSE),
        case(
            "Best wishes from all of us in the village,",
            "Viele Grüße von uns allen im Dorf",
            rf"{_GREETINGS}|{_WISHES}",
        ),
        case(
            "With lots of love from Granny and Grandpa,",
            "Alles Liebe von Oma und Opa",
            rf"{_GREETINGS}|liebe\w*|herzlichst",
            r"Oma|Omi|Großmutter|Großmama",
            r"Opa|Opi|Großvater|Großpapa",
        ),
        case(
            "See you soon, and take care!",
            "Bis bald, und pass auf dich auf!",
            r"bis (?:bald|dann|demnächst)|auf bald|baldiges|sehen uns",
        ),
        case(
            "I look forward to hearing from you before the holidays.",
            "Ich freue mich darauf, vor den Feiertagen von Ihnen zu hören.",
            r"freue\w*|Freude|erwarte\w*|Erwartung",
            rf"hören|höre|lesen|Nachricht\w*|{_ANSWER}",
        ),
        case(
            "Please find attached our offer.",
            "Anbei erhalten Sie unser Angebot.",
            _ENCLOSED,
            r"\w*angebot\w*|Offerte",
        ),
        case(
            "I enclose a copy of my certificate.",
            "Ich lege eine Kopie meines Zeugnisses bei.",
            _ENCLOSED,
            r"\w*zeugnis\w*|\w*urkunde\w*|Zertifikat\w*|\w*bescheinigung\w*|\w*diplom\w*",
        ),
        case(
            "Thank you for your letter of the third of May.",
            "Vielen Dank für Ihr Schreiben vom dritten Mai.",
            r"\w*dank\w*",
            r"Brief\w*|Schreiben\w*",
            r"0?3\.|dritten",
        ),
        case(
            "Please do not hesitate to contact us.",
            "Zögern Sie bitte nicht, uns zu kontaktieren.",
            r"zöger\w*|jederzeit|gern\w*|scheu\w*|Verfügung|wenden|melden",
        ),
        case(
            "We regret to inform you that the concert has been cancelled.",
            "Leider müssen wir Ihnen mitteilen, dass das Konzert abgesagt wurde.",
            r"\w*bedauer\w*|leider|leid",
            r"\w*gesagt\w*|\w*f[aä]ll\w*|\w*gestrichen|storniert",
        ),
        case(
            "To whom it may concern: Mr Ellis worked for us as a gardener.",
            "Sehr geehrte Damen und Herren, Herr Ellis war bei uns als Gärtner tätig.",
            r"\w*ehrte\w*|\w*betrifft|betreffen\w*|angeht|angehen\w*|an alle|zuständig\w*|Betroffene\w*|Vorlage",
            never="besorgt|Sorge",
        ),
        case(
            "With reference to our telephone call, I would like to order two chairs.",
            "Bezugnehmend auf unser Telefongespräch möchte ich zwei Stühle bestellen.",
            r"\w*bezug\w*|bezieh\w*|bezüglich|hinsichtlich|betreff\w*|anknüpf\w*|\w*weis auf|zu unserem|nach unserem|"
            r"wie (?:\w+ )?(?:besprochen|vereinbart)",
            r"\w*bestell\w*|ordern",
        ),
        case(
            "I apologise for the late reply.",
            "Ich entschuldige mich für die späte Antwort.",
            r"\w*schuldig\w*|\w*zeih\w*|leid",
            _ANSWER,
        ),
        case(
            "Get well soon, dear colleague!", "Gute Besserung, liebe Kollegin!", r"Besserung|gesund|Genesung"
        ),
        case(
            "Many happy returns of the day!",
            "Herzlichen Glückwunsch zum Geburtstag!",
            rf"\w*geburtstag\w*|{_WISHES}",
            never=r"\w*rückkehr\w*|\w*rückgabe\w*|Renditen?|kehr\w*|Erträge",
        ),
        case(
            "Merry Christmas and a happy New Year to you all!",
            "Euch allen frohe Weihnachten und ein gutes neues Jahr!",
            r"Weihnacht\w*|Christfest|Fest",
            r"froh\w*|fröhlich\w*|schöne\w*|gesegnet\w*|besinnlich\w*|wünsch\w*",
            r"neue\w* Jahr\w*|Neujahr\w*|Neue\w* Jahr\w*|Rutsch",
        ),
        case("Congratulations on your new job!", "Glückwunsch zur neuen Stelle!", _WISHES),
        case(
            "Please accept my deepest sympathy.",
            "Bitte nehmen Sie meine aufrichtige Anteilnahme entgegen.",
            r"Beileid\w*|\w*teilnahme|Mitgefühl\w*|kondolier\w*",
        ),
        case(
            "Give my regards to your parents and your little sister.",
            "Grüß deine Eltern und deine kleine Schwester von mir.",
            r"\w*gr[uü]ß\w*|empfehl\w*",
        ),
        case("My wife sends her love.", "Meine Frau lässt herzlich grüßen.", r"\w*gr[uü]ß\w*"),
        case(
            "I am writing to apply for the post of cook.",
            "Hiermit bewerbe ich mich um die Stelle als Koch.",
            r"\w*bewerb\w*|\w*bewirb\w*",
            r"\w*koch\w*|\w*köchin\w*",
            never="Post",
        ),
        case(
            "We hereby confirm your booking.",
            "Hiermit bestätigen wir Ihre Buchung.",
            r"\w*bestätig\w*",
            r"\w*buchung\w*|\w*reservier\w*",
        ),
        case(
            "Please reply as soon as possible.",
            "Bitte antworten Sie so bald wie möglich.",
            r"so ?(?:bald|schnell|rasch) (?:wie|als) (?:es )?\w*möglich|\w+möglich\w*|möglichst \w+|umgehend\w*|"
            r"schnellstens|baldigst|baldige\w*|alsbald",
            _ANSWER,
        ),
        case(
            "On behalf of the whole team, I wish you a happy birthday.",
            "Im Namen des ganzen Teams wünsche ich Ihnen alles Gute zum Geburtstag.",
            r"Namen|Auftrag|namens|stellvertretend",
            r"\w*geburtstag\w*|Wiegenfest",
            never=r"glücklichen? Geburtstag",
        ),
        case(
            "Thank you in advance for your help with the garden party.",
            "Vielen Dank im Voraus für Ihre Hilfe beim Gartenfest.",
            r"voraus|vorab|vorhinein|vorweg",
            r"\w*dank\w*",
        ),
        case(
            "Have a nice weekend in the country!",
            "Schönes Wochenende auf dem Land!",
            r"Wochenende",
            r"schöne\w*|nette\w*|angenehme\w*|tolle\w*|gute\w*|erholsame\w*",
        ),
        case(
            "Best regards from the seaside,",
            "Viele Grüße vom Meer",
            r"\w*gr[uü]ß\w*",
            r"\w*meer\w*|\w*küste\w*|\w*see|\w*strand\w*|\w*seebad\w*",
        ),
        case(
            "A warm welcome to our new members!",
            "Ein herzliches Willkommen unseren neuen Mitgliedern!",
            r"willkommen\w*|begrüß\w*",
            r"mitglied\w*",
        ),
        case(
            "I hope this letter finds you well.",
            "Ich hoffe, es geht Ihnen gut.",
            r"hoff\w*",
            r"geht|gehe|wohl\w*|gesund\w*|(?:guter|bester) \w+",
        ),
        case(
            "Please confirm receipt of this letter.",
            "Bitte bestätigen Sie den Empfang dieses Schreibens.",
            r"\w*bestätig\w*",
            r"Empfang\w*|Erhalt\w*|\w*eingang\w*|empfangen|Zugang (?:dieses|des)",
        ),
        case(
            "We would be grateful for an early reply.",
            "Für eine baldige Antwort wären wir dankbar.",
            r"\w*dank\w*|freuen|verbunden|begrüß\w*",
            _ANSWER,
            r"bald\w*|rasch\w*|schnell\w*|\w*früh\w*|zügig\w*|umgehend\w*|zeit(?:nah|ig)\w*|prompt\w*|kurzfristig\w*",
        ),
        case(
            "Happy Easter to you and your family!",
            "Frohe Ostern dir und deiner Familie!",
            r"oster\w*",
            r"froh\w*|fröhlich\w*|schöne\w*|gesegnet\w*|glücklich\w*",
        ),
        case(
            "Our very best wishes for your wedding!",
            "Unsere herzlichsten Glückwünsche zur Hochzeit!",
            _WISHES,
            r"\w*hochzeit\w*|Trauung|Vermählung|Heirat|Eheschließung",
        ),
    ),
)
