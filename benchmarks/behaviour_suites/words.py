"""Everyday words, each to be translated by a German word, without leftover English words."""

import re

from behaviour_suites.case import Case, Suite, case

_SPELLED_ALIKE = frozenset(
    {"bandage", "clown", "hammer", "her", "hole", "nest", "rose", "sank", "was", "wild"}
)
"""Words of these sentences that may stand in their German."""


def _translated(source: str, german: str, *words: str) -> Case:
    """Make a case with a regular expression for each German word; no English word may be left.

    Words of one or two letters are not checked: they may be German ("in", "an").
    """
    english = dict.fromkeys(re.findall(r"[a-z]{3,}", source.lower()))
    return case(
        source, german, *words, never="|".join(word for word in english if word not in _SPELLED_ALIKE)
    )


SUITE = Suite(
    "words",
    (
        _translated(
            "A green frog jumped into the pond.",
            "Ein grüner Frosch sprang in den Teich.",
            r"\w*fr[oö]sch\w*",
            r"\w*teich\w*|Tümpel\w*|Weiher\w*",
            r"\w*spr[aiu]ng\w*|\w*hüpf\w*|\w*hops\w*",
        ),
        _translated(
            "The carpenter dropped his hammer.",
            "Der Zimmermann ließ seinen Hammer fallen.",
            r"Zimmer(?:mann|leute|er|frau|in)\w*|Tischler\w*|Schreiner\w*",
            r"\w*hammer\w*",
        ),
        _translated(
            "She picked a red rose for her grandmother.",
            "Sie pflückte eine rote Rose für ihre Großmutter.",
            r"Rose\w*",
            r"Großmutter|Großmama|Oma|Omi",
            r"rote\w*",
        ),
        _translated(
            "The squirrel hid three nuts under a stone.",
            "Das Eichhörnchen versteckte drei Nüsse unter einem Stein.",
            r"Eichhörnchen\w*|Eichkätzchen\w*|Eichhorn\w*",
            r"\w*n[uü]ss\w*",
            r"\w*stein\w*",
        ),
        _translated(
            "My uncle keeps bees and sells honey.",
            "Mein Onkel hält Bienen und verkauft Honig.",
            r"Onkel\w*",
            r"Biene\w*|Imker\w*",
            r"\w*honig\w*",
        ),
        _translated(
            "The blacksmith made a new horseshoe.",
            "Der Schmied fertigte ein neues Hufeisen.",
            r"\w*schmied\w*",
            r"Hufeisen\w*",
        ),
        _translated(
            "Put the kettle on the stove.",
            "Stell den Kessel auf den Herd.",
            r"\w*kessel\w*|Wasserkocher\w*",
            r"\w*herd\w*|\w*ofen\w*|\w*platte\w*|Kochfeld\w*|Kocher",
        ),
        _translated(
            "The sparrow built its nest under our roof.",
            "Der Spatz baute sein Nest unter unserem Dach.",
            r"Spatz\w*|Sperling\w*",
            r"\w*nest\w*",
            r"\w*dach\w*",
        ),
        _translated(
            "He swept the kitchen floor with a broom.",
            "Er fegte den Küchenboden mit einem Besen.",
            r"\w*besen\w*",
            r"küche\w*",
            r"\w*feg\w*|\w*kehr\w*",
        ),
        _translated(
            "The bride wore a white veil.",
            "Die Braut trug einen weißen Schleier.",
            r"Braut",
            r"\w*schleier\w*",
            r"weiße\w*",
        ),
        _translated(
            "Two goats were grazing in the meadow.",
            "Zwei Ziegen grasten auf der Wiese.",
            r"Ziege\w*|Geiß\w*",
            r"\w*wiese\w*|\w*weide\w*|Aue",
            r"\w*gras\w*|weidet\w*|geweidet|fraß\w*|ästen",
        ),
        _translated(
            "The tailor sewed a button on my shirt.",
            "Der Schneider nähte einen Knopf an mein Hemd.",
            r"\w*schneider\w*",
            r"kn[oö]pf\w*",
            r"\w*hemd\w*",
            r"\w*näh\w*",
        ),
        _translated(
            "There is a spider in the bathtub.",
            "In der Badewanne ist eine Spinne.",
            r"Spinne\w*",
            r"\w*wanne\w*",
        ),
        _translated(
            "The thief escaped through the cellar window.",
            "Der Dieb entkam durch das Kellerfenster.",
            r"\w*dieb\w*|Einbrecher\w*",
            r"\w*keller\w*",
            r"\w*fenster\w*",
        ),
        _translated(
            "Grandfather mended the fence with wire.",
            "Großvater flickte den Zaun mit Draht.",
            r"Großvater|Opa|Großpapa",
            r"\w*z[aä]un\w*",
            r"\w*dr[aä]ht\w*",
        ),
        _translated(
            "Onions and garlic are frying in the pan.",
            "In der Pfanne braten Zwiebeln und Knoblauch.",
            r"\w*zwiebel\w*",
            r"Knoblauch\w*",
            r"\w*pfanne\w*",
        ),
        _translated(
            "The nurse changed the bandage.",
            "Die Krankenschwester wechselte den Verband.",
            r"\w*schwester\w*|\w*pfleger\w*|Pflegekraft|Pflegefachfrau",
            r"\w*verb[aä]nd\w*|Bandage\w*|Binde",
        ),
        _translated(
            "An owl was sitting on the church tower.",
            "Auf dem Kirchturm saß eine Eule.",
            r"\w*eule\w*|Kauz|Uhu",
            r"kirch\w*",
            r"\w*turm\w*",
        ),
        _translated(
            "The farmer milks his cows before sunrise.",
            "Der Bauer melkt seine Kühe vor Sonnenaufgang.",
            r"Bauer\w*|Bäuerin|Landwirt\w*",
            r"\w*k[uü]he?n?",
            r"\w*melk\w*|milkt",
            r"Sonnenaufgang\w*|Tagesanbruch|Morgengrauen|Sonne (?:aufgeht|aufgegangen ist)",
        ),
        _translated(
            "I burnt my tongue on the soup.",
            "Ich habe mir an der Suppe die Zunge verbrannt.",
            r"Zunge\w*",
            r"\w*suppe\w*",
            r"\w*brann\w*|\w*brüh\w*",
        ),
        _translated(
            "The barber has sharp scissors.",
            "Der Friseur hat eine scharfe Schere.",
            r"Friseur\w*|Frisör\w*|Barbier\w*|Coiffeur\w*",
            r"\w*schere\w*",
            r"\w*scharf\w*|spitze\w*",
        ),
        _translated(
            "A snail was crawling up the wall.",
            "Eine Schnecke kroch die Wand hinauf.",
            r"\w*schnecke\w*",
            r"\w*wand|\w*mauer\w*",
            r"\w*kr(?:ie|o)ch\w*|\w*krabbel\w*|schlich",
        ),
        _translated(
            "The shepherd lost one of his lambs.",
            "Der Schäfer verlor eines seiner Lämmer.",
            r"\w*schäfer\w*|\w*hirt\w*",
            r"l[aä]mm\w*",
            r"\w*verl[oi]\w*|abhanden\w*",
        ),
        _translated(
            "She knitted a scarf and a pair of gloves.",
            "Sie strickte einen Schal und ein Paar Handschuhe.",
            r"\w*strick\w*",
            r"\w*schal\w*|Halst[uü]ch\w*",
            r"\w*handschuh\w*",
        ),
        _translated(
            "The dentist pulled out the tooth.",
            "Der Zahnarzt zog den Zahn.",
            r"zahn(?:arzt|ärzt)\w*",
            r"\w*zahn|\w*zahn[es]*|\w*zähne\w*",
            r"\w*zog\w*|\w*zieh\w*",
        ),
        _translated(
            "We picked mushrooms in the forest.",
            "Wir haben im Wald Pilze gesammelt.",
            r"\w*pilz\w*|Schwammerl\w*|Schwämme|Champignons?",
            r"\w*w[aä]ld\w*|\w*forst\w*",
        ),
        _translated(
            "The candle went out in the draught.",
            "Die Kerze ging im Luftzug aus.",
            r"\w*kerze\w*",
            r"\w*zug\w*|\w*wind\w*|\w*zog",
            r"\w*l(?:o|ö|i)sch\w*|ging(?:en)?|gegangen|ausgegangen|ausging\w*",
        ),
        _translated(
            "A fox stole the chicken.",
            "Ein Fuchs hat das Huhn gestohlen.",
            r"f[uü]chs\w*",
            r"\w*h[uü]hn\w*|Henne\w*|Hähnchen|Küken",
            r"stahl\w*|stiehlt|\w*stohlen|\w*klau\w*|\w*schnappt\w*|\w*holte?\w*|entwendet\w*|riss|gerissen",
        ),
        _translated(
            "The plumber repaired the tap.",
            "Der Klempner reparierte den Wasserhahn.",
            r"Klempner\w*|\w*installateur\w*|Spengler\w*|Flaschner\w*|Sanitär\w*|Rohrleger\w*",
            r"\w*h[aä]hn\w*|\w*armatur\w*",
        ),
        _translated(
            "Wild geese fly south in autumn.",
            "Wildgänse fliegen im Herbst nach Süden.",
            r"\w*gänse\w*",
            r"\w*süd\w*",
            r"\w*herbst\w*",
        ),
        _translated(
            "The boy caught a butterfly with his net.",
            "Der Junge fing mit seinem Netz einen Schmetterling.",
            r"Junge\w*|Bub\w*|Knabe\w*",
            r"\w*schmetterling\w*|\w*falter\w*",
            r"\w*netz\w*|Kescher\w*|Käscher\w*",
        ),
        _translated(
            "The ladder was leaning against the apple tree.",
            "Die Leiter lehnte am Apfelbaum.",
            r"\w*leiter\w*",
            r"apfelb[aä]um\w*",
        ),
        _translated(
            "Her necklace broke and the pearls rolled under the bed.",
            "Ihre Halskette riss, und die Perlen rollten unter das Bett.",
            r"\w*kette\w*|Halsb[aä]nd\w*|Collier\w*|Kollier\w*|Halsschmuck",
            r"\w*perle\w*",
            r"\w*bett\w*",
        ),
        _translated(
            "The clown wore enormous shoes.",
            "Der Clown trug riesige Schuhe.",
            r"\w*clown\w*",
            r"\w*schuh\w*",
        ),
        _translated(
            "A hedgehog sleeps under the pile of leaves.",
            "Unter dem Laubhaufen schläft ein Igel.",
            r"Igel\w*",
            r"\w*laub\w*|\w*blätter\w*",
            r"schl[aäi]\w+",
        ),
        _translated(
            "The sailor tied a knot in the rope.",
            "Der Matrose machte einen Knoten in das Seil.",
            r"Matrose\w*|\w*seemann\w*|Seeleute|Segler\w*|Schiffer\w*",
            r"\w*knoten\w*|knotet\w*|verknotet\w*",
            r"\w*seil\w*|\w*tau\w*|\w*strick\w*|\w*leine\w*",
        ),
        _translated(
            "Mother ironed my trousers and folded the towels.",
            "Mutter bügelte meine Hose und faltete die Handtücher.",
            r"\w*bügel\w*|\w*plätt\w*",
            r"\w*hose\w*",
            r"\w*tüche\w*",
        ),
        _translated(
            "The beggar slept in a doorway.",
            "Der Bettler schlief in einem Hauseingang.",
            r"Bettler\w*",
            r"\w*eingang\w*|\w*tür\w*|\w*tor(?:weg|bogen|einfahrt)?|Hausflur|\w*einfahrt",
            r"schlief\w*|schlaf\w*|schläft|\w*schlaf\w*|übernachtet\w*|nächtigte",
        ),
        _translated(
            "A donkey was carrying two baskets of cherries.",
            "Ein Esel trug zwei Körbe Kirschen.",
            r"\w*esel\w*",
            r"k[oö]rb\w*",
            r"\w*kirsch\w*",
        ),
        _translated(
            "The witch stirred the soup with a wooden spoon.",
            "Die Hexe rührte die Suppe mit einem Holzlöffel um.",
            r"\w*hexe\w*",
            r"\w*löffel\w*",
            r"\w*rühr\w*",
            r"\w*suppe\w*",
        ),
        _translated(
            "Lightning struck the oak behind the barn.",
            "Der Blitz schlug in die Eiche hinter der Scheune ein.",
            r"\w*blitz\w*",
            r"\w*eiche\w*",
            r"\w*scheune\w*|Scheuer|Stadel\w*|\w*stall\w*",
        ),
        _translated(
            "My niece is afraid of thunder.",
            "Meine Nichte hat Angst vor Donner.",
            r"Nichte\w*",
            r"\w*donner\w*|\w*gewitter\w*",
            r"\w*angst\w*|\w*fürcht\w*|\w*ängst\w*",
        ),
        _translated(
            "The gardener watered the strawberries.",
            "Der Gärtner goss die Erdbeeren.",
            r"\w*gärtner\w*",
            r"\w*erdbeer\w*",
            r"\w*goss\w*|\w*gieß\w*|\w*wässer\w*",
        ),
        _translated(
            "There was a hole in his left sock.",
            "In seiner linken Socke war ein Loch.",
            r"\w*l[oö]ch\w*",
            r"\w*socken?|\w*str[uü]mpf\w*",
            r"linke\w*",
        ),
        _translated(
            "The heavy anchor sank to the bottom of the sea.",
            "Der schwere Anker sank auf den Meeresgrund.",
            r"\w*anker\w*",
            r"\w*meer\w*|\w*see|\w*ozean\w*",
            r"\w*sank\w*|\w*sunken\w*|\w*sinkt",
            r"schwere\w*",
        ),
        _translated(
            "A wasp stung the pupil on the elbow.",
            "Eine Wespe stach den Schüler in den Ellbogen.",
            r"\w*wespe\w*",
            r"\w*schüler\w*",
            r"ell(?:en)?bogen\w*",
            r"st[aio]ch\w*|\w*stochen",
        ),
        _translated(
            "The judge put on his spectacles.",
            "Der Richter setzte seine Brille auf.",
            r"\w*richter\w*",
            r"\w*brille\w*",
        ),
        _translated(
            "Dust lay on the shelves of the library.",
            "Auf den Regalen der Bibliothek lag Staub.",
            r"\w*sta?ub\w*|\w*stäub\w*",
            r"\w*regal\w*|\w*bord\w*|\w*bretter\w*",
            r"\w*biblio\w*|\w*bücherei\w*",
        ),
    ),
)
