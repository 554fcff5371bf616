"""Sie and du: the forms of address in German text."""

import pytest

from translator.text.formality import formalities_of, forms_of_address


@pytest.mark.parametrize(
    ("english", "german", "expected"),
    [
        ("Can you help me?", "Können Sie mir helfen?", {"formal"}),
        ("Open the door.", "Öffnen Sie die Tür.", {"formal"}),
        ("You may go.", "Sie dürfen gehen.", {"formal"}),
        ("Is this your coat?", "Ist das Ihre Jacke?", {"formal"}),
        ("I thank you.", "Ich danke Ihnen.", {"formal"}),
        ("They may go.", "Sie dürfen gehen.", set()),
        ("She sold her car.", "Sie hat ihr Auto verkauft.", set()),
        ("I gave them bread. They ate it.", "Ich gab ihnen Brot. Sie aßen es.", set()),
        ("Can you help me?", "Kannst du mir helfen?", {"informal"}),
        ("Dear Anna, I miss you.", "Liebe Anna, ich vermisse Dich.", {"informal"}),
        ("Eat your soup!", "Iss deine Suppe!", {"informal"}),
        ("You are late.", "Ihr seid spät dran.", {"informal"}),
        ("I love you all.", "Ich liebe euch alle.", {"informal"}),
        ("She lost her key.", "Sie hat ihren Schlüssel verloren.", set()),
        ("Open the door.", "Mach die Tür auf.", set()),
        ("It is raining.", "Es regnet.", set()),
        ("You know that you can ask me.", "Sie wissen, dass du mich fragen kannst.", {"formal", "informal"}),
        ("Your brother has sold your car.", "Ihr Bruder hat Ihr Auto verkauft.", {"formal"}),
        ("You are singing, Ann and Bob.", "Ihr singt, Ann und Bob.", {"informal"}),
        ("They love you.", "Sie lieben dich.", {"informal"}),
        ("Is that your house?", "Ist das Ihr Haus?", {"formal"}),
        ("Use dir to list files.", "Benutzen Sie dir, um Dateien aufzulisten.", {"formal"}),
        ("The duty is due.", "Die Dusche ist dir... nein.", {"informal"}),
        ("Individual duet", "Individuelles Duett", set()),
    ],
)
def test_formalities_of_a_translation(english: str, german: str, expected: set[str]) -> None:
    assert formalities_of(english, german) == expected


def test_places_of_the_pronouns() -> None:
    german = "Wenn du kommst, nehmen Sie Ihre Jacke mit."
    found = forms_of_address("If you come, take your coat.", german)
    assert {form: german[slice(*place)] for form, place in found.items()} == {
        "informal": "du",
        "formal": "Sie",
    }
