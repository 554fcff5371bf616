"""Some of the grammar's sentences in German."""

GERMAN_FRAMES = (
    (
        "Click on {tag} and then on {tag}.",
        "Klicken Sie auf {tag} und klicken Sie dann auf {tag}.",
    ),
    (
        "Dear Ms Miller, thank you for your order of {day}.",
        "Sehr geehrte Frau Miller, vielen Dank für Ihre Bestellung vom {day}.",
    ),
    (
        "Please transfer {amount} to the account {account} by {day}.",
        "Bitte überweisen Sie {amount} bis zum {day} auf das Konto {account}.",
    ),
    (
        "{phone} is the number of the night porter.",
        "{phone} ist die Nummer des Nachtportiers.",
    ),
    (
        "Emergency number: {phone}",
        "Notrufnummer: {phone}",
    ),
    (
        "The contract of {day} ends automatically.",
        "Der Vertrag vom {day} endet automatisch.",
    ),
    (
        "Did you write to {email} or to {email}?",
        "Haben Sie an {email} oder an {email} geschrieben?",
    ),
    (
        "Reference: {order}",
        "Referenz: {order}",
    ),
    (
        "“Where is my parcel {order}?” the customer asked.",
        "„Wo ist mein Paket {order}?“, fragte der Kunde.",
    ),
    (
        "The apartment has {rooms} of living space and costs {price} a month.",
        "Die Wohnung hat {rooms} Wohnfläche und kostet {price} im Monat.",
    ),
    (
        "The total comes to {amount}, shipping not included.",
        "Die Gesamtsumme beträgt {amount} ohne Versand.",
    ),
    (
        "Breakfast: {price} per person",
        "Frühstück: {price} pro Person",
    ),
    (
        "How much is {price} in your currency?",
        "Wie viel sind {price} in Ihrer Währung?",
    ),
    (
        "We offer {percent} off if you pay before {day}.",
        "Wir bieten {percent} Rabatt, wenn Sie vor dem {day} bezahlen.",
    ),
    (
        "About {percent} of the voters (more than ever before) stayed at home.",
        "Etwa {percent} der Wähler (mehr als je zuvor) blieben zu Hause.",
    ),
    (
        "Potatoes {weight}, onions {weight}, butter {weight}",
        "Kartoffeln {weight}, Zwiebeln {weight}, Butter {weight}",
    ),
    (
        "Departure {time}, arrival {time}",
        "Abfahrt {time}, Ankunft {time}",
    ),
    (
        "Boarding starts at {time}!",
        "Das Boarding beginnt um {time}!",
    ),
    (
        "Does the museum open at {time}?",
        "Öffnet das Museum um {time}?",
    ),
    (
        "The last bus goes at {time}, so do not be late.",
        "Der letzte Bus fährt um {time}, also kommen Sie nicht zu spät.",
    ),
    (
        "Your key for room {plain} is at the reception.",
        "Ihr Schlüssel für Zimmer {plain} liegt an der Rezeption.",
    ),
    (
        "The speed limit here is {speed}.",
        "Hier gilt ein Tempolimit von {speed}.",
    ),
    (
        "Open {link} in your browser.",
        "Öffnen Sie {link} in Ihrem Browser.",
    ),
    (
        "See {link} for details.",
        "Einzelheiten finden Sie unter {link}.",
    ),
    (
        "{link} is not available at the moment.",
        "{link} ist im Moment nicht verfügbar.",
    ),
    (
        "Do you really want to delete {path}?",
        "Möchten Sie {path} wirklich löschen?",
    ),
    (
        "Error: cannot open {path}",
        "Fehler: {path} kann nicht geöffnet werden",
    ),
    (
        "Call {code} before you close the connection.",
        "Rufen Sie {code} auf, bevor Sie die Verbindung schließen.",
    ),
    (
        "Use {code} instead of {code}.",
        "Verwenden Sie {code} statt {code}.",
    ),
    (
        "The fields {identifier}, {identifier} and {identifier} are required.",
        "Die Felder {identifier}, {identifier} und {identifier} sind erforderlich.",
    ),
    (
        "Changes between {version} and {version}:",
        "Änderungen zwischen {version} und {version}:",
    ),
    (
        "{placeholder} was saved.",
        "{placeholder} wurde gespeichert.",
    ),
    (
        "Moved {placeholder} to {placeholder}.",
        "{placeholder} nach {placeholder} verschoben.",
    ),
    (
        "Press the {tag} button to continue.",
        "Drücken Sie die Taste {tag}, um fortzufahren.",
    ),
    (
        "Warning: the disk has only {data} left.",
        "Warnung: Auf der Festplatte sind nur noch {data} frei.",
    ),
    (
        "{clock} connection from {email} closed after {hours}",
        "{clock} Verbindung von {email} nach {hours} geschlossen",
    ),
    (
        "Add {weight} of flour and {volume} of milk.",
        "Geben Sie {weight} Mehl und {volume} Milch hinzu.",
    ),
    (
        "Preheat the oven to {oven}.",
        "Heizen Sie den Ofen auf {oven} vor.",
    ),
    (
        "The tablet contains {dose} of vitamin D.",
        "Die Tablette enthält {dose} Vitamin D.",
    ),
    (
        "Is {decimal} a good result?",
        "Ist {decimal} ein gutes Ergebnis?",
    ),
    (
        "Tolerance: {exponent}",
        "Toleranz: {exponent}",
    ),
    (
        "The method is described in {reference} of the book.",
        "Die Methode wird in {reference} des Buches beschrieben.",
    ),
    (
        "{many} people took part in the march.",
        "{many} Menschen nahmen an dem Marsch teil.",
    ),
    (
        "How can {many} visitors find a place to park?",
        "Wie sollen {many} Besucher einen Parkplatz finden?",
    ),
    (
        "{day} is a public holiday.",
        "Der {day} ist ein Feiertag.",
    ),
    (
        "What happened in {year}?",
        "Was geschah {year}?",
    ),
    (
        "She finished in {place} place.",
        "Sie belegte den {place} Platz.",
    ),
    (
        "{monarch} ruled the country for a long time.",
        "{monarch} regierte das Land lange Zeit.",
    ),
    (
        "Neither {monarch} nor {monarch} liked to hunt.",
        "Weder {monarch} noch {monarch} jagten gern.",
    ),
    (
        "{budget} for a new stadium: is that too much?",
        "{budget} für ein neues Stadion: Ist das zu viel?",
    ),
    (
        "See you at {time} {emoji}",
        "Wir sehen uns um {time} {emoji}",
    ),
    (
        "I love it {emoji} {emoji}",
        "Ich liebe es {emoji} {emoji}",
    ),
    (
        "Thanks to {mention} for the photos!",
        "Danke an {mention} für die Fotos!",
    ),
    (
        "Best concert ever {hashtag}",
        "Das beste Konzert aller Zeiten {hashtag}",
    ),
    (
        "I left at {time:a}, and he left at {time:a}, too.",
        "Ich ging um {time:a}, und er ging auch um {time:a}.",
    ),
    (
        "What does {lone} mean in this formula?",
        "Was bedeutet {lone} in dieser Formel?",
    ),
    (
        "Have you ever heard of {name}?",
        "Haben Sie schon einmal von {name} gehört?",
    ),
    (
        "The results are in {part} of the report.",
        "Die Ergebnisse stehen in {part} des Berichts.",
    ),
    (
        "After {war}, the family moved to Canada.",
        "Nach dem {war} zog die Familie nach Kanada.",
    ),
    (
        "From {month} to {month} the bridge was closed.",
        "Von {month} bis {month} war die Brücke gesperrt.",
    ),
    (
        "We tested it with {program} and {program}.",
        "Wir haben es mit {program} und {program} getestet.",
    ),
    (
        "The key to room {coded} is lost.",
        "Der Schlüssel zu Zimmer {coded} ist verloren.",
    ),
)
"""English frames and their German, with the same slots."""
