"""Texts, to be translated by the same number of sentences, without lost or repeated halves."""

from behaviour_suites.case import Case, Suite


def _text(sentences: int, source: str, german: str) -> Case:
    """Make a text with this number of sentences."""
    return Case(source, german, sentences=sentences)


SUITE = Suite(
    "sentences",
    (
        _text(1, "Mr. Brown lives at No. 7 Park Lane.", "Herr Brown wohnt in der Park Lane Nr. 7."),
        _text(1, "The doctor, a friend of ours, came at once.", "Der Arzt, ein Freund von uns, kam sofort."),
        _text(1, "“Stop!” cried the policeman.", "„Halt!“, rief der Polizist."),
        _text(
            1,
            "“Are you hungry?” she asked, and put a plate on the table.",
            "„Hast du Hunger?“, fragte sie und stellte einen Teller auf den Tisch.",
        ),
        _text(
            1,
            "We bought bread, cheese, tomatoes, a melon and two bottles of wine.",
            "Wir kauften Brot, Käse, Tomaten, eine Melone und zwei Flaschen Wein.",
        ),
        _text(
            1,
            "When the sun had set and the air had cooled, the old men came out of their houses and sat down on the "
            "bench in front of the church.",
            "Als die Sonne untergegangen war und die Luft sich abgekühlt hatte, kamen die alten Männer aus ihren "
            "Häusern und setzten sich auf die Bank vor der Kirche.",
        ),
        _text(
            1,
            "The parcel weighs 2.5 kg and costs 14.90 euros.",
            "Das Paket wiegt 2,5 kg und kostet 14,90 Euro.",
        ),
        _text(1, "Dr. Lewis will see you now.", "Dr. Lewis empfängt Sie jetzt."),
        _text(
            1,
            "The train leaves at 9.15 a.m. from platform 3.",
            "Der Zug fährt um 9:15 Uhr von Gleis 3 ab.",
        ),
        _text(1, "She whispered: “Don't move.”", "Sie flüsterte: „Beweg dich nicht.“"),
        _text(1, "What a beautiful garden you have!", "Was für einen schönen Garten Sie haben!"),
        _text(
            1,
            "Although he had been told twice that the ice was too thin, he walked out to the middle of the lake.",
            "Obwohl man ihm zweimal gesagt hatte, dass das Eis zu dünn war, ging er bis in die Mitte des Sees.",
        ),
        _text(
            1,
            "To open the jar, turn the lid to the left.",
            "Um das Glas zu öffnen, drehen Sie den Deckel nach links.",
        ),
        _text(
            1,
            "He said that he would come, that he would bring his guitar, and that he would stay until Sunday.",
            "Er sagte, dass er kommen, seine Gitarre mitbringen und bis Sonntag bleiben werde.",
        ),
        _text(
            1,
            "My aunt (she is almost ninety) still swims every day.",
            "Meine Tante (sie ist fast neunzig) schwimmt noch jeden Tag.",
        ),
        _text(
            1,
            "The minister resigned on 4 March 2019 because of the affair.",
            "Der Minister trat am 4. März 2019 wegen der Affäre zurück.",
        ),
        _text(
            1,
            "Milk, eggs, butter, etc. are on the lower shelf.",
            "Milch, Eier, Butter usw. stehen im unteren Fach.",
        ),
        _text(1, "Yes, the shop is open.", "Ja, der Laden ist offen."),
        _text(
            1, "The answer is simple: nobody asked them.", "Die Antwort ist einfach: Niemand hat sie gefragt."
        ),
        _text(
            1,
            "The castle, which was built in the 14th century and burnt down twice, now belongs to a bank.",
            "Die Burg, die im 14. Jahrhundert erbaut wurde und zweimal abbrannte, gehört jetzt einer Bank.",
        ),
        _text(
            1,
            "Who left the door open and let the cat in?",
            "Wer hat die Tür offen gelassen und die Katze hereingelassen?",
        ),
        _text(
            1,
            "The more you practise, the better you will play.",
            "Je mehr du übst, desto besser wirst du spielen.",
        ),
        _text(
            1,
            "Peel the apples, cut them into thin slices, and lay them on the dough.",
            "Schälen Sie die Äpfel, schneiden Sie sie in dünne Scheiben und legen Sie sie auf den Teig.",
        ),
        _text(
            1,
            "The captain asked the passengers to return to their seats and to fasten their belts.",
            "Der Kapitän bat die Fluggäste, an ihre Plätze zurückzukehren und sich anzuschnallen.",
        ),
        _text(
            1,
            "“I'm cold,” said the boy, “and I want to go home.”",
            "„Mir ist kalt“, sagte der Junge, „und ich will nach Hause.“",
        ),
        _text(
            1,
            "Thanks to the U.S. company's offer, the factory will stay open.",
            "Dank dem Angebot der U.S. Firma bleibt die Fabrik offen.",
        ),
        _text(
            1,
            "The flat has three rooms, a kitchen, a bathroom and a balcony that looks out over the river.",
            "Die Wohnung hat drei Zimmer, eine Küche, ein Bad und einen Balkon mit Blick auf den Fluss.",
        ),
        _text(
            1,
            "Tom's cat, i.e. the black one, has caught a mouse.",
            "Toms Katze, d. h. die schwarze, hat eine Maus gefangen.",
        ),
        _text(
            1,
            "Either you apologise or you leave my house.",
            "Entweder du entschuldigst dich, oder du verlässt mein Haus.",
        ),
        _text(
            1,
            "The new law, the government says, will help families with small children, but the unions fear that it "
            "will cost thousands of jobs.",
            "Das neue Gesetz werde Familien mit kleinen Kindern helfen, sagt die Regierung, aber die "
            "Gewerkschaften fürchten, dass es Tausende von Arbeitsplätzen kosten wird.",
        ),
        _text(1, "Anna plays the piano, her brother sings.", "Anna spielt Klavier, ihr Bruder singt."),
        _text(2, "The kitchen is small. It has no window.", "Die Küche ist klein. Sie hat kein Fenster."),
        _text(2, "Come in! The tea is ready.", "Komm herein! Der Tee ist fertig."),
        _text(
            2,
            "Where were you? I looked for you everywhere.",
            "Wo warst du? Ich habe dich überall gesucht.",
        ),
        _text(
            3,
            "I got up at six. The sun was already shining. I made coffee and opened the door.",
            "Ich stand um 6 Uhr auf. Die Sonne schien schon. Ich machte Kaffee und öffnete die Tür.",
        ),
        _text(
            3,
            "The bus was full. We had to stand. Nobody complained.",
            "Der Bus war voll. Wir mussten stehen. Niemand beschwerte sich.",
        ),
        _text(
            2,
            "“Is it far?” asked the child. The old man shook his head.",
            "„Ist es weit?“, fragte das Kind. Der alte Mann schüttelte den Kopf.",
        ),
        _text(
            4,
            "Wash the rice. Bring two litres of water to the boil. Add the rice and a little salt. Cook it for "
            "fifteen minutes.",
            "Waschen Sie den Reis. Bringen Sie zwei Liter Wasser zum Kochen. Geben Sie den Reis und etwas Salz "
            "dazu. Kochen Sie ihn fünfzehn Minuten.",
        ),
        _text(
            3,
            "The company made a loss last year. It now wants to sell two of its factories. The unions have called "
            "for a strike.",
            "Das Unternehmen hat letztes Jahr Verlust gemacht. Nun will es zwei seiner Werke verkaufen. Die "
            "Gewerkschaften haben zum Streik aufgerufen.",
        ),
        _text(
            3,
            "Mr. Hill is on holiday. Please call again on Monday. Mrs. Lane can help you in urgent cases.",
            "Herr Hill ist im Urlaub. Bitte rufen Sie am Montag wieder an. In dringenden Fällen kann Ihnen Frau "
            "Lane helfen.",
        ),
        _text(
            3,
            "It rained all night. In the morning the cellar was full of water! What could we do?",
            "Es regnete die ganze Nacht. Am Morgen war der Keller voll Wasser! Was sollten wir tun?",
        ),
        _text(
            4,
            "My name is Ellen. I am a nurse. I have two sons and a dog. We live near the sea.",
            "Ich heiße Ellen. Ich bin Krankenschwester. Ich habe zwei Söhne und einen Hund. Wir wohnen am Meer.",
        ),
        _text(
            3,
            "Thank you for the flowers. They are beautiful. I have put them on the table in the kitchen.",
            "Danke für die Blumen. Sie sind wunderschön. Ich habe sie auf den Küchentisch gestellt.",
        ),
        _text(
            2, "Don't be late. The doors close at eight.", "Komm nicht zu spät. Die Türen schließen um acht."
        ),
    ),
)
