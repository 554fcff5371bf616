"""Names, to be kept even if they are words: Mr Baker is not a baker. A German ending is allowed."""

import re

from behaviour_suites.case import Case, Suite, case, plain

_ENDING = r"(?:s|er|'s?)?"
"""Genitives ("Olivers", "James'") and inhabitants ("Leedser")."""


def _kept(source: str, german: str, *names: str) -> Case:
    """Make a case in which each name must be found."""
    return case(source, german, *(f"(?-i:{re.escape(plain(name))}){_ENDING}" for name in names))


SUITE = Suite(
    "names",
    (
        _kept(
            "Oliver Hughes has been our postman since the spring.",
            "Oliver Hughes ist seit dem Frühjahr unser Briefträger.",
            "Oliver Hughes",
        ),
        _kept(
            "Mrs Baker teaches chemistry at the girls' school.",
            "Frau Baker unterrichtet an der Mädchenschule Chemie.",
            "Baker",
        ),
        _kept(
            "Did Siobhan tell you about the wedding?",
            "Hat Siobhan dir von der Hochzeit erzählt?",
            "Siobhan",
        ),
        _kept(
            "Mr Young forgot his umbrella on the bus.",
            "Herr Young hat seinen Schirm im Bus vergessen.",
            "Young",
        ),
        _kept(
            "We flew from Leeds to Bordeaux and took the train to Toulouse.",
            "Wir flogen von Leeds nach Bordeaux und nahmen den Zug nach Toulouse.",
            "Leeds",
            "Bordeaux",
            "Toulouse",
        ),
        _kept(
            "Grace and Hope are sisters, but they look nothing alike.",
            "Grace und Hope sind Schwestern, sehen sich aber überhaupt nicht ähnlich.",
            "Grace",
            "Hope",
        ),
        _kept(
            "Please send the keys to Priya Raman, flat nine.",
            "Bitte schicken Sie die Schlüssel an Priya Raman, Wohnung neun.",
            "Priya Raman",
        ),
        _kept(
            "“Where is Mark?” asked Rosalind.",
            "„Wo ist Mark?“, fragte Rosalind.",
            "Mark",
            "Rosalind",
        ),
        _kept(
            "Kowalski scored twice before the break.",
            "Kowalski traf vor der Pause zweimal.",
            "Kowalski",
        ),
        _kept(
            "The bakery in Ashford belongs to the Patel family.",
            "Die Bäckerei in Ashford gehört der Familie Patel.",
            "Ashford",
            "Patel",
        ),
        case(
            "Lake Wakatipu is deep, cold and very clear.",
            "Der Wakatipusee ist tief, kalt und sehr klar.",
            r"Wakatipu(?:see\w*)?",
        ),
        _kept(
            "Her cousin Nguyen Thi Lan runs a restaurant in Houston with two friends.",
            "Ihre Cousine Nguyen Thi Lan führt mit zwei Freunden ein Restaurant in Houston.",
            "Nguyen Thi Lan",
            "Houston",
        ),
        _kept(
            "I met Mr Brown and his brother in the waiting room.",
            "Ich traf Herrn Brown und seinen Bruder im Wartezimmer.",
            "Brown",
        ),
        _kept(
            "Captain Redfern ordered the crew to lower the sails.",
            "Kapitän Redfern befahl der Mannschaft, die Segel einzuholen.",
            "Redfern",
        ),
        _kept(
            "Little Tommy would not let go of the balloon.",
            "Der kleine Tommy wollte den Luftballon nicht loslassen.",
            "Tommy",
        ),
        _kept(
            "Professor Adeyemi will speak about malaria in Nairobi on Tuesday.",
            "Professor Adeyemi wird am Dienstag in Nairobi über Malaria sprechen.",
            "Adeyemi",
            "Nairobi",
        ),
        _kept(
            "The match between Arsenal and Chelsea was called off.",
            "Das Spiel zwischen Arsenal und Chelsea wurde abgesagt.",
            "Arsenal",
            "Chelsea",
        ),
        _kept(
            "Dear Ms O'Connor, your glasses are ready.",
            "Sehr geehrte Frau O’Connor, Ihre Brille ist fertig.",
            "O'Connor",
        ),
        _kept(
            "My sister named her twins Felicity and Rupert.",
            "Meine Schwester hat ihre Zwillinge Felicity und Rupert genannt.",
            "Felicity",
            "Rupert",
        ),
        _kept(
            "Is McAllister still the mayor of Dunbar?",
            "Ist McAllister noch Bürgermeister von Dunbar?",
            "McAllister",
            "Dunbar",
        ),
        _kept(
            "In Vancouver it rained for the whole week.",
            "In Vancouver hat es die ganze Woche geregnet.",
            "Vancouver",
        ),
        _kept(
            "Will Turner lost his job at the mill.",
            "Will Turner hat seine Arbeit in der Mühle verloren.",
            "Will Turner",
        ),
        _kept(
            "Rose was angry with Ivy because of the money.",
            "Rose war wegen des Geldes böse auf Ivy.",
            "Rose",
            "Ivy",
        ),
        _kept(
            "According to Mayor Hidalgo, the bridge will stay closed.",
            "Laut Bürgermeisterin Hidalgo bleibt die Brücke gesperrt.",
            "Hidalgo",
        ),
        _kept(
            "The painter Joaquin Sorolla loved the light of the beach.",
            "Der Maler Joaquin Sorolla liebte das Licht des Strandes.",
            "Sorolla",
        ),
        _kept(
            "Ask Mr Fox whether he still sells honey from his own bees.",
            "Frag Herrn Fox, ob er noch Honig von den eigenen Bienen verkauft.",
            "Fox",
        ),
        _kept(
            "Jack Carpenter and Lucy Shepherd got married in Bath.",
            "Jack Carpenter und Lucy Shepherd haben in Bath geheiratet.",
            "Jack Carpenter",
            "Lucy Shepherd",
            "Bath",
        ),
        _kept(
            "Does Yuki like her new school in Osaka?",
            "Gefällt Yuki ihre neue Schule in Osaka?",
            "Yuki",
            "Osaka",
        ),
        _kept(
            "Heathrow is much busier than Gatwick, said the pilot.",
            "In Heathrow ist viel mehr los als in Gatwick, sagte der Pilot.",
            "Heathrow",
            "Gatwick",
        ),
        _kept(
            "Señor Álvarez has signed the contract in Valparaíso.",
            "Señor Álvarez hat den Vertrag in Valparaíso unterschrieben.",
            "Álvarez",
            "Valparaíso",
        ),
        _kept(
            "The Thompsons have bought a cottage near Penzance.",
            "Familie Thompson hat ein Häuschen bei Penzance gekauft.",
            "Thompson",
            "Penzance",
        ),
        _kept(
            "Miss Whitlock, who had never married, left everything to her niece Eleanor.",
            "Fräulein Whitlock, die nie geheiratet hatte, hinterließ alles ihrer Nichte Eleanor.",
            "Whitlock",
            "Eleanor",
        ),
        _kept(
            "Nobody in Springfield remembers the old sheriff.",
            "Niemand in Springfield erinnert sich an den alten Sheriff.",
            "Springfield",
        ),
        _kept(
            "Ms Stone and Mr Winter share an office on the ground floor.",
            "Frau Stone und Herr Winter teilen sich ein Büro im Erdgeschoss.",
            "Stone",
            "Winter",
        ),
        _kept(
            "Amazon and Tesco are looking for drivers.",
            "Amazon und Tesco suchen Fahrer.",
            "Amazon",
            "Tesco",
        ),
        _kept(
            "I asked Hamza, but he had not heard of the party.",
            "Ich habe Hamza gefragt, aber er hatte nichts von der Feier gehört.",
            "Hamza",
        ),
        _kept(
            "“Come here, Bella!” the boy shouted to his dog.",
            "„Komm her, Bella!“, rief der Junge seinem Hund zu.",
            "Bella",
        ),
        _kept(
            "Anthony's grandmother comes from a village near Tipperary.",
            "Anthonys Großmutter stammt aus einem Dorf bei Tipperary.",
            "Anthony",
            "Tipperary",
        ),
        _kept(
            "The ferry to Stornoway was cancelled because of the storm.",
            "Die Fähre nach Stornoway fiel wegen des Sturms aus.",
            "Stornoway",
        ),
        _kept(
            "Mr and Mrs Butcher have a daughter named Joy.",
            "Herr und Frau Butcher haben eine Tochter namens Joy.",
            "Butcher",
            "Joy",
        ),
        _kept(
            "Dr Chen has moved her practice to Harley Street.",
            "Dr. Chen hat ihre Praxis in die Harley Street verlegt.",
            "Chen",
            "Harley",
        ),
        _kept(
            "Detective Hollis found the letter behind the clock.",
            "Kommissar Hollis fand den Brief hinter der Uhr.",
            "Hollis",
        ),
        _kept(
            "Who told Beatrix that Ned was in Yorkshire?",
            "Wer hat Beatrix gesagt, dass Ned in Yorkshire ist?",
            "Beatrix",
            "Ned",
            "Yorkshire",
        ),
        _kept(
            "Lightfoot, the guide, knew every path of the valley.",
            "Lightfoot, der Führer, kannte jeden Weg des Tals.",
            "Lightfoot",
        ),
        _kept(
            "The shop of the Singh brothers in Coventry closes at six.",
            "Das Geschäft der Brüder Singh in Coventry schließt um sechs.",
            "Singh",
            "Coventry",
        ),
    ),
)
