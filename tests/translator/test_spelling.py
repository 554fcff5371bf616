"""Modern German spelling."""

import pytest

from translator.text.spelling import spelt_as_today

OLD_AND_NEW = {
    "daß": "dass", "Daß": "Dass", "muß": "muss", "mußte": "musste", "müßten": "müssten", "gemußt": "gemusst",
    "läßt": "lässt", "veranlaßt": "veranlasst", "Anlaß": "Anlass", "gefaßt": "gefasst", "Faß": "Fass", "paßt": "passt",
    "Reisepaß": "Reisepass", "Haß": "Hass", "häßlich": "hässlich", "gräßlich": "grässlich", "naß": "nass",
    "blaß": "blass", "Fluß": "Fluss", "Einfluß": "Einfluss", "beeinflußt": "beeinflusst", "Schluß": "Schluss",
    "Ausschuß": "Ausschuss", "Kuß": "Kuss", "küßte": "küsste", "Nuß": "Nuss", "Genuß": "Genuss", "bewußt": "bewusst",
    "wußte": "wusste", "Gewißheit": "Gewissheit", "Bißchen": "Bisschen", "Riß": "Riss", "ißt": "isst",
    "vergißt": "vergisst", "Mißbrauch": "Missbrauch", "Prozeß": "Prozess", "Kongreß": "Kongress", "preßte": "presste",
    "Eßzimmer": "Esszimmer", "Schloß": "Schloss", "beschloß": "beschloss", "Roß": "Ross", "goß": "goss",
    "Zeugniß": "Zeugnis", "Ergebniss": "Ergebnis", "Thüren": "Türen", "Glasthür": "Glastür", "Vortheil": "Vorteil",
    "Theile": "Teile", "urtheilten": "urteilten", "lobenswerther": "lobenswerter", "Ehrenwerthe": "Ehrenwerte",
    "Rußland": "Russland", "wäßrig": "wässrig", "Guß": "Guss", "verdroß": "verdross",
}  # fmt: skip
STILL_RIGHT = [
    "Selbstheilung",
    "entheiligen",
    "Thüringen",
    "Schwerthieb",
    "Ergebnisse",
    "Theater",
    "Thomas",
    "Straße",
    "groß",
    "Größe",
    "Fuß",
    "Füße",
    "Gruß",
    "grüßen",
    "süß",
    "Maß",
    "Maße",
    "gemäß",
    "mäßig",
    "ließ",
    "hieß",
    "stieß",
    "heiß",
    "weiß",
    "Weißbrot",
    "beißen",
    "reißen",
    "fleißig",
    "dreißig",
    "außen",
    "draußen",
    "äußern",
    "Spaß",
    "Stoß",
    "Floß",
    "Schoß",
    "bloß",
    "saß",
    "aß",
    "vergaß",
    "besaß",
    "fraß",
    "Buße",
    "büßen",
    "Muße",
    "Ruß",
    "Grieß",
    "schließen",
    "schießen",
    "gießen",
    "genießen",
    "fließen",
    "Gießen",
    "Preußen",
    "Strauß",
    "Gefäß",
    "Gesäß",
    "Blöße",
    "stößt",
    "Soße",
    "rußig",
    "Geißel",
]


@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW.items())
def test_sharp_s_after_short_vowels(old: str, new: str) -> None:
    assert spelt_as_today(f"Es war {old}, ja.") == f"Es war {new}, ja."


@pytest.mark.parametrize("word", STILL_RIGHT)
def test_sharp_s_after_long_vowels_stays(word: str) -> None:
    assert spelt_as_today(f"Das {word}!") == f"Das {word}!"
