"""Questions, to be translated by questions, and statements about questions, to be translated by statements."""

from behaviour_suites.case import Case, Suite, case

_ASKED = r"\S*\?"
_ASKED_AT_THE_END = r"\S*\?\W*$"
_STATED = r"^\W*(?:ich|du|er|sie|es|wir|ihr|man|das|der|die|dies\w*|eine?|mein\w*|dein\w*|unser\w*|jemand)"
"""How a statement begins; with a question mark behind it, it is colloquial at best."""
_WHY = "warum|weshalb|wieso|weswegen|wozu|aus welchem Grund|wie kommt es"
_WHEN = r"wann|um wie ?viel Uhr|um welche Uhrzeit|zu welcher (?:Zeit|Uhrzeit)|wie spät"


def _open(source: str, german: str, *words: str) -> Case:
    """Make a question with a question word."""
    return case(source, german, _ASKED_AT_THE_END, *words)


def _closed(source: str, german: str) -> Case:
    """Make a yes-or-no question."""
    return case(source, german, _ASKED_AT_THE_END, never=_STATED)


def _reported(source: str, german: str) -> Case:
    """Make a statement with an indirect question."""
    return case(source, german, never=_ASKED)


SUITE = Suite(
    "questions",
    (
        _open("Where did you put the scissors?", "Wo hast du die Schere hingelegt?", "wo|wohin"),
        _open("Who has eaten my sandwich?", "Wer hat mein Brot gegessen?", "wer"),
        _open(
            "When does the next train to the airport leave?",
            "Wann fährt der nächste Zug zum Flughafen?",
            _WHEN,
        ),
        _open("Why are the shops closed today?", "Warum sind die Geschäfte heute zu?", _WHY),
        _open(
            "How much does a ticket for two adults cost?",
            "Wie viel kostet eine Karte für zwei Erwachsene?",
            r"wie ?viel\w*|was",
        ),
        _open("Which of these hats is yours?", "Welcher dieser Hüte gehört dir?", r"welche\w*"),
        _open(
            "What are the children doing in the garden?",
            "Was machen die Kinder im Garten?",
            "was",
        ),
        _open(
            "Whose bicycle is standing in the hall?",
            "Wessen Fahrrad steht im Flur?",
            "wessen|wem",
        ),
        _open(
            "How long will you stay in the mountains?",
            "Wie lange bleibt ihr in den Bergen?",
            "wie lang(?:e)?|bis wann",
        ),
        _open(
            "How old is the church on the hill?",
            "Wie alt ist die Kirche auf dem Hügel?",
            "wie|aus welche[rm]",
        ),
        _open("Who did she give the flowers to?", "Wem hat sie die Blumen gegeben?", "wem|an wen|wen"),
        _open("What time do you get up on Sundays?", "Wann stehst du sonntags auf?", _WHEN),
        _open(
            "Where does this strange smell come from?",
            "Woher kommt dieser seltsame Geruch?",
            "woher|wo|von wo",
        ),
        _open(
            "Why didn't anybody tell me about the meeting?",
            "Warum hat mir niemand von der Besprechung erzählt?",
            _WHY,
        ),
        _open("How do you spell your surname?", "Wie buchstabiert man Ihren Nachnamen?", "wie"),
        _open(
            "What kind of soup would you like?",
            "Was für eine Suppe möchten Sie?",
            r"was für|welche\w*|was",
        ),
        _open(
            "How often do the trams run after nine?",
            "Wie oft fahren die Straßenbahnen nach neun?",
            r"wie (?:oft|häufig|regelmäßig)|in welche[mnr] \w+",
        ),
        _open(
            "What happened after the storm, and who repaired the roof?",
            "Was geschah nach dem Sturm, und wer hat das Dach repariert?",
            "was",
            "wer|von wem",
        ),
        _open("Whom should I ask about the heating?", "Wen soll ich wegen der Heizung fragen?", "we[nm]"),
        _closed("Is the water in the lake warm enough?", "Ist das Wasser im See warm genug?"),
        _closed("Have the guests already arrived?", "Sind die Gäste schon da?"),
        _closed("Can I pay with a credit card here?", "Kann ich hier mit Kreditkarte zahlen?"),
        _closed("Did the postman bring anything for me?", "Hat der Briefträger etwas für mich gebracht?"),
        _closed("Are there any tomatoes left?", "Sind noch Tomaten da?"),
        _closed("Will the museum be open on Easter Monday?", "Ist das Museum am Ostermontag geöffnet?"),
        _closed("Does this bus stop at the hospital?", "Hält dieser Bus am Krankenhaus?"),
        _closed("Could you pass me the sugar bowl, please?", "Könntest du mir bitte die Zuckerdose reichen?"),
        _closed(
            "Is it true that the factory is going to close?",
            "Stimmt es, dass die Fabrik schließen wird?",
        ),
        _closed(
            "Should we turn left or right at the crossroads?",
            "Sollen wir an der Kreuzung links oder rechts abbiegen?",
        ),
        _closed("Have you ever ridden a camel?", "Bist du schon einmal auf einem Kamel geritten?"),
        _closed(
            "Do your parents know about the broken window?", "Wissen deine Eltern von dem kaputten Fenster?"
        ),
        _closed("Would you like another piece of cake?", "Möchten Sie noch ein Stück Kuchen?"),
        _closed("Shall I close the window?", "Soll ich das Fenster zumachen?"),
        _closed("Was your grandfather a farmer, too?", "War dein Großvater auch Bauer?"),
        _closed("May I try on these shoes?", "Darf ich diese Schuhe anprobieren?"),
        _closed(
            "Has anybody seen the dog since this morning?",
            "Hat jemand seit heute Morgen den Hund gesehen?",
        ),
        _open("Isn't the view from up here wonderful?", "Ist die Aussicht von hier oben nicht herrlich?"),
        _open("Don't you remember the old teacher?", "Erinnerst du dich nicht an die alte Lehrerin?"),
        _open("You have locked the door, haven't you?", "Du hast die Tür doch abgeschlossen, oder?"),
        _open("The soup is a little salty, isn't it?", "Die Suppe ist ein bisschen salzig, nicht wahr?"),
        _open("Do you know where the key to the cellar is?", "Weißt du, wo der Kellerschlüssel ist?", "wo"),
        _open(
            "Can you tell me how this machine works?",
            "Können Sie mir sagen, wie diese Maschine funktioniert?",
            "wie",
        ),
        case(
            "“Are you coming with us?” asked the driver.",
            "„Kommen Sie mit uns?“, fragte der Fahrer.",
            _ASKED,
        ),
        _open("And what about the other two boys?", "Und was ist mit den anderen beiden Jungen?"),
        _open("So the bridge is still closed?", "Die Brücke ist also noch gesperrt?"),
        _reported("He asked me where the station was.", "Er fragte mich, wo der Bahnhof sei."),
        _reported(
            "She wants to know whether the shop is open.",
            "Sie möchte wissen, ob der Laden offen ist.",
        ),
        _reported(
            "Nobody can explain how the fire started.",
            "Niemand kann erklären, wie das Feuer ausbrach.",
        ),
        _reported("Tell me what you have bought.", "Sag mir, was du gekauft hast."),
        _reported(
            "They did not say why the train was late.",
            "Sie sagten nicht, warum der Zug Verspätung hatte.",
        ),
    ),
)
