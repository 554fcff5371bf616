"""Documents over HTTP: our routes, DeepL's by its own client, LibreTranslate's; storage, restarts and limits."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import deepl
import docx
import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access import Client
from service.batcher import QueueFull
from service.document_store import FILE, KEPT_SECONDS, MAX_DOCUMENTS, DocumentStore
from service.errors import DocumentNotFound
from service.loaded_model import LoadedModel
from tests.service.conftest import EchoEngine
from translator.translate import DEFAULT_STYLE, SourceSentence, Style

KEY, OTHER = "a-key-of-the-tests", "another-key"
PAUSE = 0.01


def letter(*texts: str) -> bytes:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def texts_of(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]


def upload(client: TestClient, name: str, content: bytes, **options: Any) -> httpx2.Response:
    headers = options.pop("headers", None)
    return client.post("/documents", files={"file": (name, content)}, data=options, headers=headers)


def finished(client: TestClient, identity: str, **options: Any) -> Any:
    """The status of a document once it is done or has failed."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        answer = client.get(f"/documents/{identity}", **options)
        assert answer.status_code == 200, answer.text
        if answer.json()["status"] in ("done", "error"):
            return answer.json()
        time.sleep(PAUSE)
    raise AssertionError("not finished")


def problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]


def test_a_document_is_translated_and_fetched_once(client: TestClient) -> None:
    sent = upload(client, "My letter.docx", letter("Hello.", "12", "a < b & c"))
    assert sent.status_code == 202
    identity = sent.json()["id"]
    assert finished(client, identity) == {
        "id": identity, "name": "My letter.de.docx", "status": "done", "characters": 17, "characters_done": 17,
        "seconds_left": 0, "message": "",
    }  # fmt: skip
    answer = client.get(f"/documents/{identity}/translation")
    assert texts_of(answer.content) == ["DE:Hello.", "DE:12", "DE:a < b & c"]
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''My%20letter.de.docx"
    assert "wordprocessingml" in answer.headers["content-type"]
    assert answer.headers["cache-control"] == "no-store"
    assert client.get(f"/documents/{identity}/translation").status_code == 404
    assert client.get(f"/documents/{identity}").status_code == 404


def styles_seen_by(echo: EchoEngine) -> list[Any]:
    """A list that gets the style of each text that is split from now on."""
    styles: list[Any] = []
    split = echo.sentences

    def sentences(text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        styles.append(style)
        return split(text, prefix, style)

    echo.sentences = sentences  # type: ignore[method-assign]  # a spy
    return styles


def test_options_reach_the_engine(client: TestClient, echo: EchoEngine) -> None:
    styles = styles_seen_by(echo)
    options = {"formality": "informal", "numbers": "keep", "source_language": "en"}
    assert finished(client, upload(client, "a.txt", b"Hello.", **options).json()["id"])["status"] == "done"
    assert {(style.formality, style.numbers, style.source_language) for style in styles} == {
        ("informal", "keep", "en")
    }


def test_a_glossary_is_used(client: TestClient, echo: EchoEngine) -> None:
    stored = client.post(
        "/v2/glossaries",
        json={
            "name": "G",
            "source_lang": "en",
            "target_lang": "de",
            "entries": "a\tb",
            "entries_format": "tsv",
        },
    ).json()["glossary_id"]
    styles = styles_seen_by(echo)
    assert (
        finished(client, upload(client, "a.txt", b"Hello.", glossary_id=stored).json()["id"])["status"]
        == "done"
    )
    assert [term.english for term in styles[0].glossary.terms] == ["a"]
    assert upload(client, "a.txt", b"Hello.", glossary_id="unknown").status_code == 404
    styles.clear()
    both = upload(client, "a.txt", b"Hello.", glossary_id=stored, glossary='{"owl": "Eule|Eulen", "a": "c"}')
    assert finished(client, both.json()["id"])["status"] == "done"
    assert {term.english: term.forms for term in styles[0].glossary.terms} == {
        "a": ("c",),
        "owl": ("Eule", "Eulen"),
    }


@pytest.mark.parametrize(
    "glossary", ["owl", "[]", '{"owl": 1}', "[" * 10_000, '{"": "Eule"}', '{"owl": ""}', '{"owl": "\\ud800"}']
)
def test_what_is_no_glossary_is_refused(client: TestClient, glossary: str) -> None:
    answer = upload(client, "a.txt", b"Hello.", glossary=glossary)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("glossary: ")


def test_a_glossary_has_up_to_a_thousand_entries(client: TestClient) -> None:
    entries = {
        f"a rather long term {number}": f"ein recht langer Begriff {number}" for number in range(1_001)
    }
    assert upload(client, "a.txt", b"Hello.", glossary=json.dumps(entries)).status_code == 422
    del entries["a rather long term 0"]
    assert upload(client, "a.txt", b"Hello.", glossary=json.dumps(entries)).status_code == 202


@pytest.mark.parametrize(
    ("name", "content", "status", "detail"),
    [
        ("a.pdf", b"%PDF", 422, "a PDF has no paragraphs"),
        ("a.docx", b"Hello", 422, "no Word file"),
        ("a.json", b"{", 422, "not JSON"),
        ("", b"Hello", 422, "needs a name"),
        ("a\x7f.txt", b"Hello", 422, "needs a name"),
        (f"{'a' * 200}.txt", b"Hello", 422, "needs a name of 1 to 200"),
        ("a.txt", b"x" * 2001, 413, "2001 bytes; the limit is 2000"),
        ("a.txt", b"Hello, you", 413, "10 characters; the limit is 9"),
    ],
)
def test_what_cannot_be_translated_is_refused_at_once(
    make_client: Callable[..., TestClient], name: str, content: bytes, status: int, detail: str
) -> None:
    client = make_client(max_document_bytes=2000, max_document_characters=9)
    form = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/documents", content=form + content + b"\r\n--b--\r\n", headers=headers)
    assert problem(answer)[0] == status
    assert detail in problem(answer)[1]


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"data": {"formality": "formal"}}, "file: is missing"),
        ({"data": {"formality": "rude"}, "files": {"file": ("a.txt", b"a")}}, "formality"),
        ({"data": {"unknown": "1"}, "files": {"file": ("a.txt", b"a")}}, "unknown"),
        ({"files": [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]}, "Too many files"),
        ({"content": b"--", "headers": {"Content-Type": "multipart/form-data"}}, "boundary"),
    ],
)
def test_wrong_forms_are_refused(client: TestClient, options: dict[str, Any], detail: str) -> None:
    if "files" not in options and "data" in options:
        options["files"] = {"formality": (None, "formal")}
        del options["data"]
    status, found = problem(client.post("/documents", **options))
    assert status == 422
    assert detail in found


def test_other_bodies_are_refused(client: TestClient) -> None:
    status, found = problem(client.post("/documents", json={}))
    assert status == 415
    assert "Send the file as a field of a form, as `curl -F file=@letter.docx` does" in found


def test_large_uploads_need_no_temporary_folder(
    client: TestClient,
    tmp_path: Path,
    make_client: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = make_client(data=tmp_path)

    def none(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile._get_default_tempdir", none)
    monkeypatch.setattr("tempfile.tempdir", None)
    content = b"Hello.\n" + b" \n" * 1_000_000
    assert upload(stored, "a.txt", content, source_language="en").status_code == 202
    status, detail = problem(upload(client, "a.txt", b"Hello"))
    assert status == 503
    assert "No usable temporary directory" in detail


def test_the_path_of_a_file_is_no_part_of_its_name(client: TestClient) -> None:
    for name in ("../../etc/a.txt", "C:\\dir\\a.txt"):
        assert upload(client, name, b"Hello").json()["name"] == "a.de.txt"


def test_an_error_of_the_translation_is_kept(client: TestClient, echo: EchoEngine) -> None:
    echo.errors["Bad."] = RuntimeError("broken")
    identity = upload(client, "a.txt", b"Good.\nBad.").json()["id"]
    found = finished(client, identity)
    assert (found["status"], found["message"]) == (
        "error", "The document could not be translated; the reason is in the service's log.",
    )  # fmt: skip
    assert problem(client.get(f"/documents/{identity}/translation"))[0] == 422


def test_a_busy_service_is_tried_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    translate, calls = LoadedModel.translate, []

    async def busy_at_first(self: LoadedModel, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise QueueFull("busy", 1)
        return await translate(self, *arguments)

    monkeypatch.setattr(LoadedModel, "translate", busy_at_first)
    monkeypatch.setattr("service.document_worker._MAX_PAUSE_SECONDS", PAUSE)
    monkeypatch.setattr("service.document_worker._FIRST_PAUSE_SECONDS", PAUSE)
    assert finished(client, upload(client, "a.txt", b"Hello.").json()["id"])["status"] == "done"
    assert len(calls) == 2


def test_progress_is_shown(
    client: TestClient, echo: EchoEngine, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    monkeypatch.setattr("service.document_worker._PART_CHARACTERS", 4)
    echo.entered.clear()
    split = echo.sentences

    def stop_at_second(text: str, prefix: str = "", style: Style = DEFAULT_STYLE) -> list[SourceSentence]:
        if text == "Two":
            echo.gate.clear()
        return split(text, prefix, style)

    echo.sentences = stop_at_second  # type: ignore[method-assign]  # a spy
    identity = upload(client, "a.txt", b"One\nTwo\nThree").json()["id"]
    wait_until(lambda: client.get(f"/documents/{identity}").json()["characters_done"] == 3)
    answer = client.get(f"/documents/{identity}").json()
    assert (answer["status"], answer["characters"]) == ("translating", 11)
    assert answer["seconds_left"] >= 1
    assert problem(client.get(f"/documents/{identity}/translation"))[0] == 409
    echo.gate.set()
    assert finished(client, identity)["characters_done"] == 11
    assert client.get(f"/documents/{identity}/translation").content == b"DE:One\nDE:Two\nDE:Three"


def test_documents_belong_to_their_key(make_client: Callable[..., TestClient]) -> None:
    owner = Client("owner")
    client = make_client({KEY: owner, OTHER: Client("other")})
    mine, theirs = ({"X-API-Key": key} for key in (KEY, OTHER))
    assert upload(client, "a.txt", b"Hello").status_code == 401
    identity = upload(client, "a.txt", b"Hello", headers=mine).json()["id"]
    assert finished(client, identity, headers=mine)["status"] == "done"
    for path in (f"/documents/{identity}", f"/documents/{identity}/translation"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=theirs).status_code == 404
    assert client.get(f"/documents/{identity}/translation", headers=mine).content == b"DE:Hello"
    assert owner.characters_used == 5


def test_a_key_may_have_a_hundred_documents(tmp_path: Path, make_client: Callable[..., TestClient]) -> None:
    client = make_client(data=tmp_path)
    with sqlite3.connect(tmp_path / FILE) as database:
        row = ("anonymous", "a.txt", "{}", "done", "", 1, 1, time.time(), 0, "", 0)
        database.executemany(
            f"INSERT INTO documents VALUES ({', '.join('?' * 12)})",
            [(str(number), *row) for number in range(MAX_DOCUMENTS)],
        )
    assert problem(upload(client, "a.txt", b"Hello"))[0] == 507
    assert not list(tmp_path.glob("*.document-*"))


def test_a_document_is_translated_after_a_restart(
    tmp_path: Path, make_app: Callable[..., FastAPI], echo: EchoEngine
) -> None:
    echo.gate.clear()
    with TestClient(make_app(data=tmp_path)) as client:
        identity = upload(client, "a.txt", b"Hello").json()["id"]
        assert client.get(f"/documents/{identity}").json()["status"] in ("queued", "translating")
    echo.gate.set()
    with TestClient(make_app(data=tmp_path)) as client:
        assert finished(client, identity)["status"] == "done"
        assert client.get(f"/documents/{identity}/translation").content == b"DE:Hello"
    assert not list(tmp_path.glob("*.document-*"))


def test_two_processes_do_not_translate_the_same_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = DocumentStore(tmp_path), DocumentStore(tmp_path)
    identity = first.create("owner", "a.txt", b"Hello", {}, 5)
    claimed = first.claim()
    assert claimed is not None
    assert claimed.id == identity
    assert second.claim() is None
    assert first.renew(identity, 3)
    assert second.get("owner", identity).done == 3
    later = time.time() + 60
    monkeypatch.setattr("service.document_store.time.time", lambda: later)
    taken = second.claim()  # the first process has died
    assert taken is not None
    assert not first.renew(identity, 4)
    second.finish(identity, b"Hallo")
    assert first.result(identity) == b"Hallo"


def test_documents_are_deleted_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DocumentStore(tmp_path)
    identity = store.create("owner", "a.txt", b"Hello", {}, 5)
    now = time.time()
    monkeypatch.setattr("service.document_store.time.time", lambda: now + KEPT_SECONDS - 60)
    store.delete_old()
    assert store.get("owner", identity).status == "queued"
    monkeypatch.setattr("service.document_store.time.time", lambda: now + KEPT_SECONDS + 60)
    store.delete_old()
    with pytest.raises(DocumentNotFound):
        store.get("owner", identity)
    assert not list(tmp_path.glob("*.document-*"))


# --- DeepL


@pytest.fixture
def translator(
    make_app: Callable[..., FastAPI],
    serve: Callable[[FastAPI], str],
    wait_until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    echo: EchoEngine,
) -> Iterator[deepl.DeepLClient]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(deepl.http_client, "max_network_retries", 0)
    sleep = time.sleep
    monkeypatch.setattr("deepl.translator.time.sleep", lambda _: sleep(PAUSE))
    echo.card = {**echo.card, "formality": True}
    address = serve(make_app({KEY: Client("owner")}))
    wait_until(lambda: httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200)
    client = deepl.DeepLClient(KEY, server_url=address)
    yield client
    client.close()  # type: ignore[no-untyped-call]  # its client does not annotate it


def test_deepl_translates_documents(translator: deepl.DeepLClient, tmp_path: Path) -> None:
    (tmp_path / "in.docx").write_bytes(letter("Hello.", "World."))
    status = translator.translate_document_from_filepath(
        tmp_path / "in.docx", tmp_path / "out.docx", target_lang="DE", source_lang="EN", formality="less"
    )
    assert (status.done, status.billed_characters) == (True, 12)
    assert texts_of((tmp_path / "out.docx").read_bytes()) == ["DE:Hello.", "DE:World."]
    assert translator.get_usage().character.count == 12


def test_deepl_takes_bytes_with_a_name_once(translator: deepl.DeepLClient) -> None:
    handle = translator.translate_document_upload(
        "Hello.", target_lang="DE", filename="a.txt", output_format="txt"
    )
    assert translator.translate_document_wait_until_done(handle).done
    output = io.BytesIO()
    translator.translate_document_download(handle, output)
    assert output.getvalue() == b"DE:Hello."
    with pytest.raises(deepl.DeepLException, match=r"(?i)not found"):
        translator.translate_document_download(handle, output)


def test_deepl_learns_why_a_document_is_refused(translator: deepl.DeepLClient, echo: EchoEngine) -> None:
    for name, message in (("a.pdf", "a PDF has no paragraphs"), ("a.docx", "no Word file")):
        with pytest.raises(deepl.DeepLException, match=message):
            translator.translate_document_upload(b"x", target_lang="DE", filename=name)
    with pytest.raises(deepl.DeepLException, match="target_lang"):
        translator.translate_document_upload(b"x", target_lang="FR", filename="a.txt")
    with pytest.raises(deepl.DeepLException, match="output_format"):
        translator.translate_document_upload(b"x", target_lang="DE", filename="a.docx", output_format="pdf")
    wrong = deepl.DocumentHandle("0" * 32, "1" * 32)
    with pytest.raises(deepl.DeepLException, match=r"(?i)not found"):
        translator.translate_document_get_status(wrong)
    echo.gate.clear()
    handle = translator.translate_document_upload("Hello.", target_lang="DE", filename="a.txt")
    assert translator.translate_document_get_status(handle).ok
    with pytest.raises(deepl.DocumentNotReadyException):
        translator.translate_document_download(handle, io.BytesIO())


def test_deepl_document_keys_are_needed(client: TestClient) -> None:
    sent = client.post("/v2/document", files={"file": ("a.txt", b"Hello")}, data={"target_lang": "de"}).json()
    path = f"/v2/document/{sent['document_id']}"
    assert client.post(path, json={"document_key": sent["document_key"]}).status_code == 200
    assert client.post(path, data={"document_key": sent["document_key"]}).status_code == 200
    for key in ("", "0" * 32, sent["document_key"] + "0"):
        assert client.post(path, json={"document_key": key}).status_code == 404


# --- LibreTranslate


def test_libretranslate_translates_files(make_client: Callable[..., TestClient]) -> None:
    client = make_client({KEY: Client("owner")})
    form = {"source": "en", "target": "de"}
    file = {"file": ("a b.docx", letter("Hello."))}
    assert client.post("/libretranslate/translate_file", files=file, data=form).status_code == 403
    answer = client.post("/libretranslate/translate_file", files=file, data={**form, "api_key": KEY})
    url = answer.json()["translatedFileUrl"]
    assert url.startswith("http://testserver/libretranslate/download_file/")
    assert url.endswith(".a%20b.de.docx")
    assert texts_of(client.get(url).content) == ["DE:Hello."]
    assert client.get(url).status_code == 404


def test_libretranslate_says_what_is_wrong(client: TestClient, echo: EchoEngine) -> None:
    def error(name: str, **form: str) -> tuple[int, str]:
        answer = client.post("/libretranslate/translate_file", files={"file": (name, b"Bad.")}, data=form)
        return answer.status_code, answer.json()["error"]

    assert error("a.xyz", target="de") == (400, error("a.xyz", target="de")[1])
    assert "the formats are .txt" in error("a.xyz", target="de")[1]
    assert error("a.txt", source="en") == (400, "target: is missing.")
    echo.errors["Bad."] = RuntimeError("broken")
    assert error("a.txt", target="de")[0] == 400


def test_libretranslate_lists_the_formats(client: TestClient) -> None:
    settings = client.get("/libretranslate/frontend/settings").json()
    assert settings["filesTranslation"] is True
    assert {".docx", ".po", ".srt"} <= set(settings["supportedFilesFormat"])
