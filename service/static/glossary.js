// A glossary: lines of English terms and their German, which stay in this browser.

import { wellFormed } from "./characters.js";
import { tell } from "./messages.js";
import { browserStorage } from "./storage.js";

const GLOSSARY = "translator.glossary";
const PAUSE_MILLISECONDS = 600;

const element = (id) => document.getElementById(id);

let entries = {};

/** Restore the glossary, and let the user change it; `changed` is called after a pause if its entries are others. */
export function setUpGlossary(changed) {
  const terms = element("terms");
  let timer = 0;
  const use = () => {
    clearTimeout(timer);
    browserStorage.write(GLOSSARY, terms.value);
    const before = JSON.stringify(entries);
    read(terms.value);
    if (JSON.stringify(entries) !== before) changed();
  };
  terms.value = browserStorage.read(GLOSSARY) ?? "";
  read(terms.value);
  terms.addEventListener("change", use);
  terms.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(use, PAUSE_MILLISECONDS);
  });
}

/** The fields for a request: none without entries. */
export function glossaryWish() {
  return Object.keys(entries).length > 0 ? { glossary: entries } : {};
}

function read(text) {
  const pairs = [];
  let wrong = 0; // the number of the first line that is no entry
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const sides = line.trim().split(line.includes("\t") ? "\t" : "=").map((side) => side.trim());
    if (sides.length === 2 && sides[0] && sides[1]) pairs.push(sides.map(wellFormed));
    else wrong ||= index + 1;
  }
  entries = Object.fromEntries(pairs);
  tell(element("glossary").querySelector("summary"), "glossary", Object.keys(entries).length);
  tell(element("terms-error"), ...(wrong ? ["wrongTerm", wrong] : []));
  element("terms").setAttribute("aria-invalid", String(wrong > 0));
}
