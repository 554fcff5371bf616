"""Sentences with "you", to be translated with Sie throughout, never with du or ihr."""

from behaviour_suites.case import Case, Suite, case

_FORMAL = r"(?-i:Sie|Ihnen|Ihr(?:e[mnrs]?)?)"
_PLURAL_VERB = (
    r"(?:habt|seid|wart|hattet|könnt|könntet|müsst|wollt|sollt|solltet|dürft|werdet|möchtet|würdet)"
)
_INFORMAL = (
    rf"du|dich|dir|dein\w*|euch|euer\w*|eure\w*|(?-i:ihr(?:e[mnrs]?)?)|{_PLURAL_VERB} ihr|ihr {_PLURAL_VERB}|"
    r"(?:lass|lasse|komm|sag|gib|nimm) (?:mich|mir|uns)"
)


def _polite(source: str, german: str) -> Case:
    return case(source, german, _FORMAL, never=_INFORMAL)


SUITE = Suite(
    "politeness",
    (
        _polite("Where did you buy this coat?", "Wo haben Sie diesen Mantel gekauft?"),
        _polite("Would you like milk in your tea?", "Möchten Sie Milch in Ihren Tee?"),
        _polite("Your room is on the second floor.", "Ihr Zimmer ist im zweiten Stock."),
        _polite("Can you tell me the way to the harbour?", "Können Sie mir sagen, wie ich zum Hafen komme?"),
        _polite("You look tired today.", "Sie sehen heute müde aus."),
        _polite("I will send you the bill next week.", "Ich schicke Ihnen die Rechnung nächste Woche."),
        _polite("Have you got a moment?", "Haben Sie einen Moment Zeit?"),
        _polite(
            "Your parcel will arrive between nine and noon.",
            "Ihr Paket kommt zwischen neun und zwölf Uhr an.",
        ),
        _polite("Do you need help with your luggage?", "Brauchen Sie Hilfe mit Ihrem Gepäck?"),
        _polite(
            "If you have any questions, you can ring me.",
            "Wenn Sie Fragen haben, können Sie mich anrufen.",
        ),
        _polite("You forgot to sign the form.", "Sie haben vergessen, das Formular zu unterschreiben."),
        _polite("What do you do for a living?", "Was machen Sie beruflich?"),
        _polite(
            "We have reserved a table for you by the window.",
            "Wir haben für Sie einen Tisch am Fenster reserviert.",
        ),
        _polite("How do you like your new flat?", "Wie gefällt Ihnen Ihre neue Wohnung?"),
        _polite("You should see a doctor about that cough.", "Mit diesem Husten sollten Sie zum Arzt gehen."),
        _polite("Is this your first visit to our town?", "Ist das Ihr erster Besuch in unserer Stadt?"),
        _polite("I did not mean to disturb you.", "Ich wollte Sie nicht stören."),
        _polite(
            "Did you sleep well? Your breakfast is ready.",
            "Haben Sie gut geschlafen? Ihr Frühstück ist fertig.",
        ),
        _polite("You can leave your bicycle in the yard.", "Sie können Ihr Fahrrad im Hof abstellen."),
        _polite("Are you allergic to nuts?", "Sind Sie gegen Nüsse allergisch?"),
        _polite(
            "Your application has been accepted, and we would like to meet you.",
            "Ihre Bewerbung wurde angenommen, und wir möchten Sie kennenlernen.",
        ),
        _polite("Nobody told me that you were waiting.", "Niemand hat mir gesagt, dass Sie warten."),
        _polite("May I offer you a glass of wine?", "Darf ich Ihnen ein Glas Wein anbieten?"),
        _polite(
            "I know that you had to wait for a long time.",
            "Ich weiß, dass Sie lange warten mussten.",
        ),
        _polite(
            "You will find the switch behind the curtain.",
            "Den Schalter finden Sie hinter dem Vorhang.",
        ),
        _polite("Have you been to our shop before?", "Waren Sie schon einmal in unserem Geschäft?"),
        _polite("Which colour do you prefer?", "Welche Farbe bevorzugen Sie?"),
        _polite(
            "Your passport has expired. You need a new one.",
            "Ihr Pass ist abgelaufen. Sie brauchen einen neuen.",
        ),
        _polite(
            "We are happy to welcome you to our hotel.",
            "Wir freuen uns, Sie in unserem Hotel begrüßen zu dürfen.",
        ),
        _polite("Could you speak a little more slowly?", "Könnten Sie etwas langsamer sprechen?"),
        _polite(
            "I think that is your coat on the chair.",
            "Ich glaube, das ist Ihr Mantel auf dem Stuhl.",
        ),
        _polite(
            "When did you notice that your wallet was missing?",
            "Wann haben Sie bemerkt, dass Ihr Geldbeutel weg war?",
        ),
        _polite(
            "You have won a weekend for two in the mountains.",
            "Sie haben ein Wochenende für zwei in den Bergen gewonnen.",
        ),
        _polite(
            "Are you sure that you locked the door?",
            "Sind Sie sicher, dass Sie die Tür abgeschlossen haben?",
        ),
        _polite("You are welcome to bring your family.", "Sie können gern Ihre Familie mitbringen."),
        _polite("You speak very good German.", "Sie sprechen sehr gut Deutsch."),
        _polite("Let me show you the garden.", "Lassen Sie mich Ihnen den Garten zeigen."),
        _polite(
            "What would you do if you lost your job?",
            "Was würden Sie tun, wenn Sie Ihre Arbeit verlören?",
        ),
        _polite(
            "Thank you for your help. You were very kind.",
            "Vielen Dank für Ihre Hilfe. Sie waren sehr freundlich.",
        ),
        _polite("How long have you been learning German?", "Wie lange lernen Sie schon Deutsch?"),
        _polite(
            "Our guide will meet you at the station and take you to your hotel.",
            "Unser Reiseleiter holt Sie am Bahnhof ab und bringt Sie zu Ihrem Hotel.",
        ),
        _polite("I hope you enjoyed the concert.", "Ich hoffe, das Konzert hat Ihnen gefallen."),
        _polite(
            "If you lose your card, we will send you another one. You do not have to pay for it.",
            "Wenn Sie Ihre Karte verlieren, schicken wir Ihnen eine neue. Dafür müssen Sie nichts bezahlen.",
        ),
        _polite(
            "The nurse will call your name when the doctor is ready for you.",
            "Die Schwester ruft Ihren Namen auf, sobald der Arzt für Sie Zeit hat.",
        ),
    ),
)
