// The page: translates English into German while you type.
//
// Reading order: this file (events), live.js (when a text is sent), server.js (requests and their errors), view.js (the
// translation on the page), words.js with mirror.js (word alignment), faults.js (what was lost), alternatives.js.
// Independent of these: wishes.js with format.js, formality.js and glossary.js, highlights.js, messages.js, history.js,
// curl.js, files.js, documents.js, clipboard.js, storage.js, characters.js.

import { Alternatives } from "./alternatives.js";
import { countCharacters, wellFormed } from "./characters.js";
import { copyFrom } from "./clipboard.js";
import { curlCommand } from "./curl.js";
import { DocumentPanel } from "./documents.js";
import { Faults } from "./faults.js";
import { acceptFiles, firstLineEnd, saveText } from "./files.js";
import { offerFormality, setUpFormality } from "./formality.js";
import { setUpFormat } from "./format.js";
import { setUpGlossary } from "./glossary.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { setUpLanguages, tell } from "./messages.js";
import { fetchModel, saveKey } from "./server.js";
import { TranslationView } from "./view.js";
import { Words } from "./words.js";

const RECONNECT_MILLISECONDS = 2000;
const ANNOUNCE_MILLISECONDS = 1000;
const MAX_ANNOUNCED_LENGTH = 300;
const MAX_ALTERNATIVES = 3;
const NO_FILE = { name: "", lineEnd: "\n" };

const element = (id) => document.getElementById(id);
const source = element("source");

let limits = null; // null until the server has sent them
let file = NO_FILE; // where the text comes from
let isServerTroubled = false; // then another text does not clear the error
let announcing = 0;
let checked = 0;

setUpLanguages();
const view = new TranslationView(element("translation"));
const words = new Words(view, source);
const faults = new Faults(view, source);
const alternatives = new Alternatives(view, () => Math.min(MAX_ALTERNATIVES, limits.max_alternatives), () => {
  history.add(view.sourceText, view.text);
  refresh();
});
const history = new History((entry) => {
  live.stop();
  view.showOld(entry.translation);
  replaceSource(entry.source);
});
const documents = new DocumentPanel({
  panel: element("document"),
  name: element("document-name"),
  state: element("document-state"),
  progress: element("document-progress"),
  save: element("document-save"),
  close: element("document-close"),
});
const live = new Live({ changed, started, sentence, done, failed });

// --- the text

source.addEventListener("input", () => {
  if (source.value === "") file = NO_FILE;
  textChanged();
});
source.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  live.translateNow();
});
element("clear").addEventListener("click", () => {
  alternatives.forget();
  replaceSource("");
  source.focus();
});
acceptFiles(element("panes"), element("open"), element("file"), {
  maxCharacters: () => limits?.max_characters ?? Infinity,
  document: (sent) => documents.translate(sent, failed),
  opened(name, text) {
    replaceSource(text);
    file = { name, lineEnd: firstLineEnd(text) };
  },
  refused: showTrouble,
});

function replaceSource(text) {
  source.value = text;
  source.setSelectionRange(0, 0);
  source.scrollTop = 0;
  file = NO_FILE;
  textChanged();
}

function textChanged() {
  const count = countCharacters(source.value);
  const excess = count - (limits?.max_characters ?? Infinity);
  const isBlank = source.value.trim() === "";
  source.setAttribute("aria-invalid", String(excess > 0));
  element("count").classList.toggle("over", excess > 0);
  tell(element("count"), "count", count, limits?.max_characters);
  clearTimeout(announcing);
  words.hide();
  if (isBlank || !isServerTroubled) hideTrouble();
  showCommand();
  if (isBlank) {
    live.stop();
    view.clear();
    showProgress(1, 1);
    tell(element("timing"));
  } else if (excess > 0) {
    live.stop();
    view.giveUp();
    showProgress(1, 1);
    showTrouble("overLimit", excess, limits.max_characters);
  } else if (limits !== null) {
    live.want(wellFormed(source.value));
  }
  refresh();
}

// --- the translation

function changed(isShown) {
  view.isOld = !isShown;
  showProgress(isShown ? 1 : 0, 1);
  refresh();
}

function started(text) {
  alternatives.close();
  hideTrouble();
  tell(element("timing"));
  view.start(text);
}

function sentence(data) {
  alternatives.applyChoice(view.add(data));
  faults.showSoon();
  showProgress(data.done, data.total);
}

function done(end) {
  view.finish();
  showProgress(1, 1);
  showStatus("ready", "ready", end.model, end.device);
  tell(element("timing"), "seconds", end.seconds);
  history.add(view.sourceText, view.text);
  if (document.activeElement === source) view.reveal(view.sentenceAt(source.selectionStart));
  announcing = setTimeout(announce, ANNOUNCE_MILLISECONDS, end.sentences);
  refresh();
}

function failed(problem, retrySeconds) {
  view.giveUp();
  showProgress(1, 1);
  if (problem.isUnreachable) showStatus("down", "unreachable");
  showTrouble(...problem.explanation(retrySeconds));
  element("retry").hidden = !problem.mayPass;
  element("key-form").hidden = !problem.needsKey;
  isServerTroubled = problem.isOfTheServer;
  refresh();
}

element("retry").addEventListener("click", () => live.translateNow());
element("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  saveKey(element("key").value.trim());
  element("key").value = "";
  live.translateNow();
  source.focus();
});

for (const setUp of [setUpFormality, setUpFormat, setUpGlossary]) {
  setUp(() => {
    clearTimeout(announcing);
    alternatives.close();
    words.hide();
    showCommand();
    live.translateAgain();
  });
}

function announce(sentences) {
  const isShort = view.text.length <= MAX_ANNOUNCED_LENGTH;
  element("announcer").lang = isShort ? "de" : document.documentElement.lang;
  tell(element("announcer"), ...(isShort ? ["asItIs", view.text] : ["finished", sentences]));
}

// --- actions on the translation

element("copy").addEventListener("click", () => copyFrom(element("translation"), view.text, element("copy")));
element("download").addEventListener("click", () => saveText(file, view.text));
element("check").addEventListener("click", () => {
  view.focus(view.flagged[checked % view.flagged.length]);
  checked += 1;
});
element("command").addEventListener("toggle", showCommand);
element("copy-curl").addEventListener("click", () => {
  copyFrom(element("curl"), element("curl").textContent, element("copy-curl"));
});

function showCommand() {
  if (element("command").open) element("curl").textContent = curlCommand(wellFormed(source.value));
}

// --- the rest of the page

function refresh() {
  const hasTranslation = view.text !== "";
  element("clear").disabled = source.value === "";
  element("copy").disabled = element("download").disabled = !hasTranslation;
  element("check").hidden = view.isOld || view.flagged.length === 0;
  tell(element("check"), "check", view.flagged.length);
  words.showDefaultHint();
  faults.show();
}

function showProgress(finished, total) {
  const progress = element("progress");
  progress.hidden = finished === total;
  if (finished > 0) progress.value = finished / total;
  else progress.removeAttribute("value");
}

function showStatus(state, ...message) {
  element("status").dataset.state = state;
  tell(element("status"), ...message);
}

function showTrouble(...message) {
  isServerTroubled = false;
  element("retry").hidden = element("key-form").hidden = true;
  element("trouble").hidden = false;
  tell(element("error"), ...message);
}

function hideTrouble() {
  isServerTroubled = false;
  element("trouble").hidden = true;
  tell(element("error"));
}

// --- start-up

/** Request the model and its limits until the server is ready. */
async function connect() {
  try {
    const model = await fetchModel();
    limits = model.limits;
    offerFormality(Boolean(model.card.formality));
    showStatus("ready", "ready", model.name, model.device);
    textChanged();
  } catch (problem) {
    if (problem.isUnreachable) showStatus("down", "unreachable");
    else showStatus("loading", ...problem.explanation());
    setTimeout(connect, RECONNECT_MILLISECONDS);
  }
}

textChanged(); // a reloaded page may already contain text
connect();
