// The last translations. They are kept only in this browser, and only if the user allows it.

import { tell } from "./messages.js";
import { browserStorage } from "./storage.js";

const ENTRIES = "translator.history";
const IS_OFF = "translator.history.off";
const MAX_ENTRIES = 20;
const MAX_LINE_LENGTH = 160;

const element = (id) => document.getElementById(id);

export class History {
  #entries = read();
  #choose;

  /** `choose` is called with the entry {source, translation} that the user selects. */
  constructor(choose) {
    this.#choose = choose;
    element("keep").checked = this.#isOn;
    element("keep").addEventListener("change", () => {
      browserStorage.write(IS_OFF, String(!element("keep").checked));
    });
    element("forget").addEventListener("click", () => {
      this.#entries = [];
      this.#save();
    });
    // Another tab may have changed the entries.
    addEventListener("storage", () => {
      this.#entries = read();
      this.#show();
    });
    this.#show();
  }

  get #isOn() {
    return browserStorage.read(IS_OFF) !== "true";
  }

  /** Add a translation. While a text is being typed, it replaces the newest entry. */
  add(source, translation) {
    if (!this.#isOn) return;
    const [newest] = this.#entries;
    if (newest && newest.source !== source && newest.source.startsWith(source)) return;
    const others = this.#entries.filter(
      (entry) => entry.source !== source && !(entry === newest && isSameWork(entry.source, source)),
    );
    this.#entries = [{ source, translation }, ...others].slice(0, MAX_ENTRIES);
    this.#save();
  }

  #save() {
    // Long texts may exceed the storage quota of the browser.
    while (!browserStorage.write(ENTRIES, JSON.stringify(this.#entries)) && this.#entries.length > 0) {
      this.#entries.pop();
    }
    this.#show();
  }

  #show() {
    element("entries").replaceChildren(...this.#entries.map((entry) => this.#item(entry)));
    element("forget").disabled = this.#entries.length === 0;
    element("no-history").hidden = this.#entries.length > 0;
    tell(element("history").querySelector("summary"), "history", this.#entries.length);
  }

  #item(entry) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(line(entry.source, "en"), line(entry.translation, "de"));
    button.addEventListener("click", () => this.#choose(entry));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}

function read() {
  try {
    const entries = JSON.parse(browserStorage.read(ENTRIES)) ?? [];
    return entries.filter(({ source, translation }) => typeof source + typeof translation === "stringstring");
  } catch {
    return []; // something else has written to this key
  }
}

/** Whether two texts look like versions of one: they share at least half of the shorter one at start and end. */
function isSameWork(older, newer) {
  const shorter = Math.min(older.length, newer.length);
  let before = 0;
  while (before < shorter && older[before] === newer[before]) before += 1;
  let behind = 0;
  while (behind < shorter - before && older.at(-1 - behind) === newer.at(-1 - behind)) behind += 1;
  return before + behind >= shorter / 2;
}

function line(text, language) {
  const span = document.createElement("span");
  span.lang = language;
  span.textContent = text.trim().slice(0, MAX_LINE_LENGTH);
  return span;
}
