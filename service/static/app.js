// The page: text in, translation out. Reading order: what happens (start), what is sent, what is shown.

const RETRY_MILLISECONDS = 2000;

const form = document.getElementById("form");
const source = document.getElementById("source");
const translation = document.getElementById("translation");
const translateButton = document.getElementById("translate");
const clearButton = document.getElementById("clear");
const copyButton = document.getElementById("copy");
const statusLine = document.getElementById("status");
const countLine = document.getElementById("count");
const timingLine = document.getElementById("timing");
const errorBox = document.getElementById("error");

const number = new Intl.NumberFormat("en");

let maxCharacters = Infinity; // until the server has told
let isReady = false;
let isBusy = false;
let translated = ""; // the source of the translation that is shown

// --- what happens

source.addEventListener("input", () => {
  showError(complainOfLength());
  refresh();
});
source.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (canTranslate()) translate();
});
clearButton.addEventListener("click", () => {
  source.value = "";
  showTranslation("", "", "");
  showError("");
  refresh();
  source.focus();
});
copyButton.addEventListener("click", copy);

refresh(); // a reloaded page may come with its text
connect();

// --- what is sent

/** Ask for the model and its limits until the server is ready. */
async function connect() {
  try {
    const response = await fetch("model");
    if (response.ok) {
      const model = await response.json();
      maxCharacters = model.limits.max_characters;
      isReady = true;
      showStatus("ready", `${model.name} on ${model.device}`);
      showError(complainOfLength());
      refresh();
      return;
    }
    const problem = await readProblem(response);
    showStatus(response.status === 503 ? "loading" : "down", problem.detail);
  } catch {
    showStatus("down", "The server cannot be reached");
  }
  setTimeout(connect, RETRY_MILLISECONDS);
}

/** Send the text and show its translation, or the error. */
async function translate() {
  const text = source.value;
  setBusy(true);
  showError("");
  try {
    const response = await fetch("translate", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: text.toWellFormed?.() ?? text }),
    });
    if (response.ok) {
      const answer = await response.json();
      showTranslation(answer.translations[0].text, `Translated in ${answer.seconds.toFixed(2)} s`, text);
    } else {
      showError(explain(await readProblem(response)));
    }
  } catch {
    showError("The server cannot be reached. Your text is still here; check the connection and try again.");
  } finally {
    setBusy(false);
  }
}

/** The problem of an answer; something between us and the server may have answered with anything else. */
async function readProblem(response) {
  const unknown = { status: response.status, detail: `The server answered with status ${response.status}.` };
  try {
    return { ...unknown, ...(await response.json()) };
  } catch {
    return unknown;
  }
}

/** What went wrong, and what to do about it. */
function explain(problem) {
  switch (problem.status) {
    case 503:
      return "The server is busy or not ready. Your text is still here; try again in a few seconds.";
    case 504:
      return "The translation took too long. Try again, or with less text at once.";
    default:
      if (problem.status < 500) return problem.detail;
      return (
        "The server failed. Try again; if it happens again, tell whoever runs it" +
        (problem.request_id ? ` this id: ${problem.request_id}` : "") +
        "."
      );
  }
}

// --- what is shown

/** Unicode characters, as the server counts them: not the UTF-16 units of `length`. */
function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function canTranslate() {
  return isReady && !isBusy && source.value.trim() !== "" && countCharacters(source.value) <= maxCharacters;
}

function complainOfLength() {
  const excess = countCharacters(source.value) - maxCharacters;
  if (excess <= 0) return "";
  const characters = excess === 1 ? "character" : "characters";
  return (
    `The text is ${number.format(excess)} ${characters} over the limit of ${number.format(maxCharacters)}. ` +
    "Shorten it, or translate it in parts."
  );
}

function refresh() {
  const count = countCharacters(source.value);
  const limit = maxCharacters === Infinity ? "" : ` / ${number.format(maxCharacters)}`;
  countLine.textContent = number.format(count) + limit;
  countLine.classList.toggle("over", count > maxCharacters);
  source.setAttribute("aria-invalid", String(count > maxCharacters));
  translation.classList.toggle("stale", isBusy || source.value !== translated);
  clearButton.disabled = source.value === "" && translation.textContent === "";
  translateButton.disabled = !canTranslate();
}

function setBusy(busy) {
  isBusy = busy;
  translateButton.setAttribute("aria-busy", String(busy));
  translateButton.textContent = busy ? "Translating" : "Translate";
  translation.setAttribute("aria-busy", String(busy));
  refresh();
}

function showStatus(state, text) {
  statusLine.dataset.state = state;
  statusLine.textContent = text;
}

function showTranslation(text, timing, ofSource) {
  translated = ofSource;
  translation.textContent = text;
  timingLine.textContent = timing;
  copyButton.disabled = text === "";
}

function showError(message) {
  errorBox.textContent = message;
  errorBox.hidden = message === "";
}

async function copy() {
  const copied = await writeToClipboard(translation.textContent);
  copyButton.textContent = copied ? "Copied" : "Press Ctrl+C";
  setTimeout(() => {
    copyButton.textContent = "Copy";
  }, 2000);
}

/** Browsers offer the clipboard to https and localhost only; elsewhere the text is selected and copied. */
async function writeToClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(translation);
    return document.execCommand("copy");
  }
}
