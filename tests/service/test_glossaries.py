"""Glossaries in requests, stored ones, and DeepL's routes for them, called directly and by DeepL's own client."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import deepl
import pytest
from fastapi.testclient import TestClient

from service import glossaries as stored
from service import storage
from service.access import Client
from service.errors import GlossaryLimit, GlossaryNotFound
from service.glossaries import Dictionary, GlossaryStore
from tests.service.test_deepl import complaint, make_translator
from translator.errors import ConfigError
from translator.text.glossary import Glossary
from translator.text.glossary_files import write_tsv

__all__ = ["make_translator"]  # a fixture

UNKNOWN = "96ab91fd-e715-41a1-adeb-5d701f84a483"


def dictionary(source: str = "en", target: str = "de", **entries: str) -> Dictionary:
    return Dictionary(source, target, Glossary.of(entries.items() or [("house", "Haus")]))


# --- the store


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GlossaryStore:
    return GlossaryStore(tmp_path / "data" if request.param == "folder" else None)


def test_a_stored_glossary_is_found_by_its_owner_only(store: GlossaryStore) -> None:
    made = store.create("web", "Products", [dictionary(house="Haus|Häuser", car="Auto")])
    assert store.info("web", made.id) == made
    assert [(one.source, one.target, one.entry_count) for one in made.dictionaries] == [("en", "de", 2)]
    assert store.list("web") == (made,)
    assert write_tsv(store.entries("web", made.id, "en", "de")) == "house\tHaus|Häuser\ncar\tAuto"
    assert store.list("app") == ()
    for steal in (
        lambda: store.info("app", made.id),
        lambda: store.entries("app", made.id, "en", "de"),
        lambda: store.update("app", made.id, "mine", []),
        lambda: store.replace("app", made.id, dictionary()),
        lambda: store.delete_dictionary("app", made.id, "en", "de"),
        lambda: store.delete("app", made.id),
        lambda: store.entries("web", made.id, "en", "fr"),
    ):
        with pytest.raises(GlossaryNotFound):
            steal()
    assert store.info("web", made.id) == made


def test_entries_are_merged_or_replaced(store: GlossaryStore) -> None:
    made = store.create("web", "a", [dictionary(house="Haus", car="Auto")])
    updated = store.update(
        "web", made.id, "b", [dictionary(car="Wagen", dog="Hund"), dictionary("de", "en", Haus="house")]
    )
    assert (updated.name, [one.entry_count for one in updated.dictionaries]) == ("b", [1, 3])
    assert write_tsv(store.entries("web", made.id, "en", "de")) == "house\tHaus\ncar\tWagen\ndog\tHund"
    store.replace("web", made.id, dictionary(cat="Katze"))
    assert write_tsv(store.entries("web", made.id, "en", "de")) == "cat\tKatze"
    store.delete_dictionary("web", made.id, "de", "en")
    assert [one.source for one in store.info("web", made.id).dictionaries] == ["en"]
    store.delete("web", made.id)
    with pytest.raises(GlossaryNotFound):
        store.info("web", made.id)


def test_limits_hold_and_a_refused_change_leaves_nothing(
    store: GlossaryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MAX_GLOSSARIES", 2)
    monkeypatch.setattr(stored, "MAX_ENTRIES", 2)
    monkeypatch.setattr(stored, "MAX_BYTES", 40)
    first = store.create("web", "a", [dictionary(a="b")])
    with pytest.raises(GlossaryLimit, match="3 entries; the limit is 2"):
        store.update("web", first.id, "renamed", [dictionary(c="d", e="f")])
    with pytest.raises(GlossaryLimit, match="43 bytes; the limit is 40"):
        store.create("web", "b", [dictionary(house="ä" * 17)])  # 5 + 1 + 34 bytes, and 3 of the first
    assert store.list("web") == (first,)
    store.create("web", "b", [dictionary(c="d")])
    with pytest.raises(GlossaryLimit, match="2 glossaries, the limit"):
        store.create("web", "c", [dictionary(c="d")])
    store.create("app", "c", [dictionary(c="d")])


def test_what_is_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    one = GlossaryStore(tmp_path)
    made = one.create("web", "Products", [dictionary()])
    one.close()
    assert GlossaryStore(tmp_path).list("web") == (made,)


def test_another_process_sees_changes_at_once(tmp_path: Path) -> None:
    one, other = GlossaryStore(tmp_path), GlossaryStore(tmp_path)
    made = one.create("web", "a", [dictionary(house="Haus")])
    assert write_tsv(other.entries("web", made.id, "en", "de")) == "house\tHaus"
    one.replace("web", made.id, dictionary(house="Gebäude"))
    assert write_tsv(other.entries("web", made.id, "en", "de")) == "house\tGebäude"


def test_threads_lose_no_change(tmp_path: Path) -> None:
    stores = [GlossaryStore(tmp_path) for _ in range(2)]
    made = stores[0].create("web", "a", [dictionary()])

    def change(number: int) -> None:
        for step in range(5):
            stores[number % 2].update("web", made.id, None, [dictionary(**{f"term{number}x{step}": "x"})])

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].info("web", made.id).dictionaries[0].entry_count == 1 + 4 * 5


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file.*TRANSLATOR_DATA"):
        GlossaryStore(tmp_path / "file")
    (tmp_path / stored.FILE).write_bytes(
        b"this is not a database, but long enough to be mistaken for one" * 20
    )
    with pytest.raises(ConfigError, match="TRANSLATOR_DATA"):
        GlossaryStore(tmp_path)


_WRITER = """
import sys
from pathlib import Path
from service.glossaries import Dictionary, GlossaryStore
from translator.text.glossary import Glossary
store = GlossaryStore(Path(sys.argv[1]))
pairs = [(f"term{number}", "x" * 50) for number in range(200)]
while True:
    both = [Dictionary(*languages, Glossary.of(pairs)) for languages in (("en", "de"), ("de", "en"))]
    made = store.create("web", "a", both)
    print(made.id, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_it_reported_and_leaves_nothing_half(tmp_path: Path) -> None:
    for count in (1, 7, 20):
        reported: list[str] = []
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout
            reported += [writer.stdout.readline().strip() for _ in range(count)]
        for writer in writers:
            writer.kill()
            writer.wait()
            assert writer.stdout
            writer.stdout.close()
        store = GlossaryStore(tmp_path)
        found = store.list("web")
        assert {one.id for one in found} >= set(reported)
        assert {tuple(one.entry_count for one in glossary.dictionaries) for glossary in found} == {(200, 200)}
        store.close()


class _Busy:
    """A connection of which another process holds the lock for some attempts."""

    def __init__(self, attempts: int) -> None:
        self.left = attempts

    def execute(self, _statement: str) -> None:
        self.left -= 1
        if self.left >= 0:
            raise sqlite3.OperationalError("database is locked")


def test_a_store_waits_for_another_process_that_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    busy: Any = _Busy(2)
    storage._write_ahead(busy)
    assert busy.left == -1
    monkeypatch.setattr(storage, "_BUSY_SECONDS", 0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        storage._write_ahead(_Busy(10**9))  # type: ignore[arg-type]  # stands in for a connection


# --- our own API


@pytest.fixture
def api(make_client: Callable[..., TestClient], tmp_path: Path) -> TestClient:
    return make_client(data=tmp_path)


def create(api: TestClient, entries: str = "house\tHaus|Häuser", **headers: str) -> Any:
    body = {
        "name": "Products",
        "source_lang": "en",
        "target_lang": "de",
        "entries": entries,
        "entries_format": "tsv",
    }
    answer = api.post("/v2/glossaries", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["glossary_id"]


def glossary_used(echo: Any, monkeypatch: pytest.MonkeyPatch, send: Callable[[], Any]) -> dict[str, str]:
    """The glossary that the engine is given."""
    styles = []
    sentences = echo.sentences
    monkeypatch.setattr(echo, "sentences", lambda *given: styles.append(given[2]) or sentences(*given))
    answer = send()
    assert answer.status_code == 200, answer.text
    used = styles[0].glossary
    return {} if used is None else {term.english: term.german for term in used.terms}


@pytest.mark.parametrize("path", ["/translate", "/translate/stream"])
def test_a_request_may_hold_and_name_glossaries(
    api: TestClient, echo: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    identity = create(api, "house\tHaus\ncar\tAuto")
    for fields, expected in (
        ({}, {}),
        ({"glossary": {"house": "Heim|Heime"}}, {"house": "Heim|Heime"}),
        ({"glossary_id": identity}, {"house": "Haus", "car": "Auto"}),
        ({"glossary": {"house": "Heim"}, "glossary_id": identity}, {"house": "Heim", "car": "Auto"}),
    ):
        send = partial(api.post, path, json={"text": "A house.", **fields})
        assert glossary_used(echo, monkeypatch, send) == expected


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"glossary": {"house": ""}}, 422, "glossary: entry 1: the German is empty"),
        ({"glossary": {"house": "a||b"}}, 422, "has an empty form"),
        ({"glossary": {"a": 1}}, 422, "glossary.a: must be a string"),
        ({"glossary": [["a", "b"]]}, 422, "glossary: must be an object with up to 1000 strings"),
        (
            {"glossary": {f"term{number}": "x" for number in range(1_001)}},
            422,
            "must be an object with up to 1000",
        ),
        ({"glossary_id": UNKNOWN}, 404, "Glossary not found"),
    ],
)
def test_a_wrong_glossary_is_explained(api: TestClient, fields: Any, status: int, message: str) -> None:
    answer = api.post("/translate", json={"text": "A house.", **fields})
    assert (answer.status_code, message in answer.json()["detail"]) == (status, True), answer.text
    assert len(answer.content) < 2048


# --- DeepL's API


def test_deepls_client_manages_glossaries_of_one_dictionary(
    make_translator: Callable[..., deepl.Translator], tmp_path: Path
) -> None:
    translator = make_translator(data=tmp_path)
    assert [(pair.source_lang, pair.target_lang) for pair in translator.get_glossary_languages()] == [
        ("en", "de")
    ]
    made = translator.create_glossary(
        "Products", "EN-US", "DE", {"house": "Haus", "Acme Cloud": "Acme-Wolke"}
    )
    assert (made.name, made.source_lang, made.target_lang, made.entry_count, made.ready) == (
        "Products",
        "EN",
        "DE",
        2,
        True,
    )
    assert made.creation_time.tzinfo is not None
    assert translator.get_glossary_entries(made) == {"house": "Haus", "Acme Cloud": "Acme-Wolke"}
    csv = translator.create_glossary_from_csv(
        "Commas", "en", "de", 'house,Haus,en,de\n"a, b","c ""d""",en,de\n'
    )
    assert translator.get_glossary_entries(csv.glossary_id) == {"house": "Haus", "a, b": 'c "d"'}
    assert [one.glossary_id for one in translator.list_glossaries()] == [made.glossary_id, csv.glossary_id]
    assert translator.get_glossary(made.glossary_id).name == "Products"
    translator.delete_glossary(made)
    for gone in (made.glossary_id, UNKNOWN, "no-id"):
        for call in (translator.get_glossary, translator.get_glossary_entries, translator.delete_glossary):
            with pytest.raises(deepl.GlossaryNotFoundException, match="Glossary not found"):
                call(gone)
    with pytest.raises(deepl.DeepLException, match="Unsupported glossary source and target language pair"):
        translator.create_glossary("French", "en", "fr", {"house": "maison"})
    assert len(translator.list_glossaries()) == 1


def test_deepls_client_manages_multilingual_glossaries(
    make_translator: Callable[..., Any], tmp_path: Path
) -> None:
    client = make_translator(data=tmp_path)
    if not isinstance(client, deepl.DeepLClient):
        pytest.skip("deepl.Translator, the older class, has no multilingual glossaries")
    entries = deepl.api_data.MultilingualGlossaryDictionaryEntries
    made = client.create_multilingual_glossary("One", [entries("EN", "DE", {"house": "Haus"})])
    assert [(one.source_lang, one.target_lang, one.entry_count) for one in made.dictionaries] == [
        ("EN", "DE", 1)
    ]
    assert [one.glossary_id for one in client.list_multilingual_glossaries()] == [made.glossary_id]
    client.update_multilingual_glossary_dictionary(made, entries("EN", "DE", {"car": "Auto"}))
    [found] = client.get_multilingual_glossary_entries(made, "EN", "DE").dictionaries
    assert deepl.util.convert_tsv_to_dict(str(found.entries)) == {"house": "Haus", "car": "Auto"}
    replaced = client.replace_multilingual_glossary_dictionary(made, entries("EN", "DE", {"dog": "Hund"}))
    assert (replaced.source_lang, replaced.entry_count) == ("EN", 1)
    csv = client.replace_multilingual_glossary_dictionary_from_csv(made, "en", "de", "cat,Katze\ncow,Kuh\n")
    assert csv.entry_count == 2
    assert client.update_multilingual_glossary_name(made, "Renamed").name == "Renamed"
    assert client.get_glossary(made.glossary_id).entry_count == 2
    with pytest.raises(deepl.GlossaryNotFoundException, match="Dictionary not found"):
        client.delete_multilingual_glossary_dictionary(made, source_lang="de", target_lang="en")
    client.delete_multilingual_glossary_dictionary(made, source_lang="en", target_lang="de")
    assert client.get_multilingual_glossary(made.glossary_id).dictionaries == []
    assert client.list_glossaries() == []  # which have one dictionary
    with pytest.raises(deepl.GlossaryNotFoundException, match="0 dictionaries"):
        client.get_glossary(made.glossary_id)
    client.delete_multilingual_glossary(made)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_multilingual_glossary(made.glossary_id)


@pytest.mark.parametrize("languages", [("EN", "FR"), ("DE", "EN"), ("FR", "DE")])
def test_dictionaries_for_other_languages_are_refused(
    make_translator: Callable[..., Any], tmp_path: Path, languages: tuple[str, str]
) -> None:
    client = make_translator(data=tmp_path)
    if not isinstance(client, deepl.DeepLClient):
        pytest.skip("deepl.Translator, the older class, has no multilingual glossaries")
    entries = deepl.api_data.MultilingualGlossaryDictionaryEntries
    ours, other = entries("EN", "DE", {"house": "Haus"}), entries(*languages, {"house": "maison"})
    made = client.create_multilingual_glossary("One", [ours])
    source, target = languages
    for attempt in (
        partial(client.create_multilingual_glossary, "Two", [other]),
        partial(client.create_multilingual_glossary, "Two", [ours, other]),
        partial(client.update_multilingual_glossary_dictionary, made, other),
        partial(client.replace_multilingual_glossary_dictionary, made, other),
    ):
        with pytest.raises(
            deepl.DeepLException, match=f"Unsupported glossary source and target .*: {source} to {target}"
        ):
            attempt()
    [kept] = client.list_multilingual_glossaries()
    assert [(one.source_lang, one.target_lang, one.entry_count) for one in kept.dictionaries] == [
        ("EN", "DE", 1)
    ]


def test_no_dictionary_replaces_another_of_the_same_request(
    make_translator: Callable[..., Any], tmp_path: Path
) -> None:
    client = make_translator(data=tmp_path)
    if not isinstance(client, deepl.DeepLClient):
        pytest.skip("deepl.Translator, the older class, has no multilingual glossaries")
    entries = deepl.api_data.MultilingualGlossaryDictionaryEntries
    both = [entries("EN", "DE", {"house": "Haus"}), entries("EN", "DE", {"car": "Auto"})]
    with pytest.raises(
        deepl.DeepLException, match=r"2 are from EN to DE\. Send their entries as one dictionary"
    ):
        client.create_multilingual_glossary("Two", both)


def test_deepls_client_translates_with_glossaries(
    make_translator: Callable[..., Any], tmp_path: Path, echo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_translator(data=tmp_path)
    styles = []
    sentences = echo.sentences
    monkeypatch.setattr(echo, "sentences", lambda *given: styles.append(given[2]) or sentences(*given))
    one = client.create_glossary("one", "en", "de", {"house": "Haus"})
    two = client.create_glossary("two", "en", "de", {"house": "Heim", "car": "Auto"})
    client.translate_text("A house.", source_lang="EN", target_lang="DE", glossary=one)
    client.translate_text_with_glossary("A house.", one)
    assert {term.english: term.german for term in styles[1].glossary.terms} == {"house": "Haus"}
    client.translate_text("A house.", source_lang="EN", target_lang="DE", glossary_ids=[one, two.glossary_id])
    assert {term.english: term.german for term in styles[2].glossary.terms} == {
        "house": "Haus",
        "car": "Auto",
    }
    with pytest.raises(deepl.DeepLException, match="Glossary not found"):
        client.translate_text("A house.", source_lang="EN", target_lang="DE", glossary=UNKNOWN)


def test_keys_have_glossaries_of_their_own(make_client: Callable[..., TestClient], tmp_path: Path) -> None:
    api = make_client({"key-a": Client("a"), "key-b": Client("b")}, data=tmp_path)
    a, b = ({"Authorization": f"DeepL-Auth-Key key-{name}"} for name in "ab")
    identity = create(api, **a)
    assert api.get(f"/v2/glossaries/{identity}", headers=a).status_code == 200
    assert "Glossary not found" in complaint(api.get(f"/v2/glossaries/{identity}", headers=b), 404)
    assert api.get("/v3/glossaries", headers=b).json() == {"glossaries": []}
    body = {"text": ["A house."], "target_lang": "DE", "glossary_id": identity}
    assert api.post("/v2/translate", json=body, headers=a).status_code == 200
    assert "Glossary not found" in complaint(api.post("/v2/translate", json=body, headers=b), 404)
    assert "needs an API key" in complaint(api.get("/v2/glossaries"), 403)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"entries": "a\tb\na\tc"},
            "Invalid glossary entries provided: line 2: 'a' has German already, in line 1",
        ),
        ({"entries": "a"}, "line 1: there is no tab"),
        ({"entries": ""}, "entries"),
        ({"entries_format": "xml"}, "entries_format: must be"),
        ({"name": " "}, "name: must be a string with at least one character"),
        ({"name": "x" * 1025}, "name: must have at most 1024 bytes"),
        ({"target_lang": "fr"}, "Unsupported glossary source and target language pair"),
        ({"source_lang": None}, "source_lang"),
        (
            {"source_lang": "english"},
            'source_lang: must be the code of a language, such as "en"; it is "english"',
        ),
        (
            {"entries": "house;Haus", "entries_format": "csv"},
            "line 1: there is 1 column; write the English, a comma",
        ),
    ],
)
def test_a_glossary_that_cannot_be_stored_is_refused(api: TestClient, fields: Any, message: str) -> None:
    body = {"name": "n", "source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
    assert message in complaint(api.post("/v2/glossaries", json=body | fields), 400)
    dictionaries = [{name: value for name, value in (body | fields).items() if name != "name"}]
    many = {"name": (body | fields)["name"], "dictionaries": dictionaries}
    assert message.partition(":")[2] in complaint(api.post("/v3/glossaries", json=many), 400)
    assert api.get("/v3/glossaries").json() == {"glossaries": []}


@pytest.mark.parametrize(
    ("dictionaries", "message"),
    [
        (
            {},
            "dictionaries: must be a list of objects with source_lang, target_lang, entries, entries_format.",
        ),
        (
            [1],
            "dictionaries.0: must be an object with source_lang, target_lang, entries, entries_format; it is 1.",
        ),
        ([{"entries_format": None}], 'dictionaries.0.entries_format: must be "tsv" or "csv"; it is null.'),
        ([{"entries": 5}], "dictionaries.0.entries: must be a string; it is 5."),
    ],
)
def test_what_is_wrong_inside_a_list_is_named(api: TestClient, dictionaries: Any, message: str) -> None:
    valid = {"source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
    if isinstance(dictionaries, list):
        dictionaries = [one if one == 1 else valid | one for one in dictionaries]
    answer = api.post("/v3/glossaries", json={"name": "n", "dictionaries": dictionaries})
    assert complaint(answer, 400) == message


def test_the_limit_is_deepls_quota(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MAX_GLOSSARIES", 1)
    create(api)
    body = {"name": "n", "source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
    assert "1 glossaries, the limit" in complaint(api.post("/v2/glossaries", json=body), 456)


def test_statuses_and_formats_are_deepls(api: TestClient) -> None:
    identity = create(api)
    answer = api.get(f"/v2/glossaries/{identity}/entries")
    assert (answer.text, answer.headers["content-type"]) == (
        "house\tHaus|Häuser", "text/tab-separated-values; charset=utf-8",
    )  # fmt: skip
    assert "Accept" in complaint(
        api.get(f"/v2/glossaries/{identity}/entries", headers={"Accept": "text/csv, application/json"}), 415
    )
    assert "source_lang: is missing" in complaint(api.get(f"/v3/glossaries/{identity}/entries"), 400)
    answer = api.put(f"/v2/glossaries/{identity}", json={})
    assert "does not support PUT" in complaint(answer, 405)
    assert answer.headers["Allow"] == "DELETE, GET"
    assert "There is nothing at" in complaint(api.get(f"/v3/glossaries/{identity}/nothing"), 404)
    answer = api.delete(f"/v2/glossaries/{identity}")
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_form_creates_a_glossary(api: TestClient) -> None:
    form = {"name": "n", "source_lang": "EN", "target_lang": "DE", "entries": "a,b", "entries_format": "CSV"}
    answer = api.post("/v2/glossaries", data=form)
    assert (answer.status_code, answer.json()["entry_count"]) == (201, 1)


@pytest.mark.parametrize("field", ["dictionaries[0].{}", "dictionaries[0][{}]"])
def test_a_form_creates_and_edits_a_glossary_of_dictionaries(api: TestClient, field: str) -> None:
    """As DeepL's client for Node.js sends it."""

    def form(entries: str) -> dict[str, str]:
        given = {"source_lang": "en", "target_lang": "de", "entries": entries, "entries_format": "tsv"}
        return {field.format(name): value for name, value in given.items()}

    answer = api.post("/v3/glossaries", data={"name": "n", **form("a\tb")})
    assert answer.status_code == 201, answer.text
    path = f"/v3/glossaries/{answer.json()['glossary_id']}"
    answer = api.patch(path, data=form("c\td"))
    assert answer.json()["dictionaries"] == [{"source_lang": "en", "target_lang": "de", "entry_count": 2}]
    answer = api.put(f"{path}/dictionaries", data={"source_lang": "en", "target_lang": "de", "entries": "e,f",
                                                   "entries_format": "csv"})  # fmt: skip
    assert answer.json()["entry_count"] == 1
    refused = api.post("/v3/glossaries", data={"name": "n", "dictionaries[0].entries": "a\tb"})
    assert "dictionaries.0.source_lang: is missing" in complaint(refused, 400)


@pytest.mark.parametrize("field", ["dictionaries[0].{}]", "dictionaries[0][{}", "dictionaries[0]{}"])
def test_fields_in_another_form_are_ignored(api: TestClient, field: str) -> None:
    given = {"source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
    form = {field.format(name): value for name, value in given.items()}
    refused = api.post("/v3/glossaries", data={"name": "n", **form})
    assert "dictionaries: is missing" in complaint(refused, 400)


def test_dictionaries_cannot_be_given_twice(api: TestClient) -> None:
    given = {"source_lang": "en", "target_lang": "de", "entries": "a\tb", "entries_format": "tsv"}
    body = {"name": "n", "dictionaries": [given], "dictionaries[0].entries": "c\td"}
    assert "both as a list and in fields" in complaint(api.post("/v3/glossaries", json=body), 400)


def test_both_kinds_of_ids_cannot_be_combined(api: TestClient) -> None:
    body = {"text": ["Hi"], "target_lang": "DE", "glossary_id": UNKNOWN, "glossary_ids": [UNKNOWN]}
    assert "one of them only" in complaint(api.post("/v2/translate", json=body), 400)
    body = {"text": ["Hi"], "target_lang": "DE", "glossary_ids": [UNKNOWN] * 6}
    told = "glossary_ids: must be a list of up to 5 strings, or left out."
    assert complaint(api.post("/v2/translate", json=body), 400) == told
