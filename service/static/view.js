// The translation on the page: an element for each sentence, and between them the gaps of the source text.

import { codePointOffsets } from "./characters.js";

export class TranslationView {
  #root;
  #text = ""; // the source text
  #sentences = [];
  #gaps = [""]; // the text before each sentence and after the last one
  #byElement = new WeakMap();
  #codePoints = [];
  #oldText = "";

  constructor(root) {
    this.#root = root;
    root.addEventListener("focusin", (event) => this.#moveTabStop(event.target));
  }

  get root() {
    return this.#root;
  }

  get sourceText() {
    return this.#text;
  }

  /** The translation, as far as it has arrived. */
  get text() {
    const pieces = this.#sentences.map((sentence, place) => this.#gaps[place] + sentence.text);
    return pieces.length > 0 ? pieces.join("") + this.#gaps[pieces.length] : this.#oldText;
  }

  get sentences() {
    return this.#sentences;
  }

  /** The sentences with warnings. */
  get flagged() {
    return this.#sentences.filter((sentence) => sentence.flags.length > 0);
  }

  /** Whether the source has changed since the translation. */
  get isOld() {
    return this.#root.classList.contains("old");
  }

  set isOld(isOld) {
    this.#root.classList.toggle("old", isOld && this.text !== "");
  }

  clear() {
    this.start("");
    this.finish();
  }

  /** Show an old translation, of which only the text is known, until its sentences arrive. */
  showOld(text) {
    this.clear();
    this.#oldText = text;
    this.#root.textContent = text;
    this.isOld = true;
  }

  /** Start the translation of `text` with an empty view. */
  start(text) {
    const sheet = document.createElement("div");
    // Otherwise replacing a long translation would lose the scroll position.
    if (this.#root.scrollTop > 0) sheet.style.minHeight = `${this.#root.scrollHeight}px`;
    this.isOld = false;
    this.#text = text;
    this.#codePoints = codePointOffsets(text);
    this.#sentences = [];
    this.#gaps = [""];
    this.#oldText = "";
    this.#root.replaceChildren(sheet);
    this.#root.setAttribute("aria-busy", "true");
  }

  /** Show the next sentence from the server, and return it in the form that the page uses. */
  add(data) {
    const start = this.#codePoints[data.start];
    const end = this.#codePoints[data.end];
    const previousEnd = this.#sentences.at(-1)?.end ?? 0;
    const best = { text: data.text, flags: data.flags, ...placesWithin(data) };
    const sentence = { source: data.source, start, end, best, ...best };
    sentence.element = this.#elementOf(sentence);
    this.#gaps[this.#sentences.length] = this.#text.slice(previousEnd, start);
    this.#sentences.push(sentence);
    this.#gaps.push("");
    this.#root.firstChild.append(this.#gaps.at(-2), sentence.element);
    return sentence;
  }

  finish() {
    this.#gaps[this.#sentences.length] = this.#text.slice(this.#sentences.at(-1)?.end ?? 0);
    this.#root.firstChild.append(this.#gaps.at(-1));
    this.#end();
  }

  /** Stop before the end: no more sentences will arrive. */
  giveUp() {
    if (this.#sentences.length > 0) this.#end();
    this.isOld = true;
  }

  #end() {
    this.#root.firstChild.style.minHeight = "";
    this.#root.setAttribute("aria-busy", "false");
    if (this.#text === "") this.#root.replaceChildren();
  }

  /** Replace the text of a sentence. Links, flags and checks of the old text do not apply to the new one. */
  replace(sentence, { text, links = [], flags = [], checks = [] }) {
    Object.assign(sentence, { text, links, flags, checks });
    sentence.element.textContent = text;
    describe(sentence);
  }

  sentenceOf(node) {
    const parent = node instanceof Element ? node : node?.parentElement;
    return this.#byElement.get(parent?.closest(".sentence"));
  }

  /** The sentence at this offset in the source. */
  sentenceAt(offset) {
    return this.#sentences.find((sentence) => sentence.start <= offset && offset <= sentence.end);
  }

  /** The sentence `distance` places after the given one. */
  neighbour(sentence, distance) {
    return this.#sentences[this.#sentences.indexOf(sentence) + distance];
  }

  focus(sentence) {
    sentence?.element.focus();
  }

  /** Scroll the pane, but never the page. */
  reveal(sentence) {
    if (!sentence) return;
    const pane = this.#root.getBoundingClientRect();
    const place = sentence.element.getBoundingClientRect();
    if (place.bottom > pane.bottom) this.#root.scrollTop += place.bottom - pane.bottom;
    else if (place.top < pane.top) this.#root.scrollTop -= pane.top - place.top;
  }

  #elementOf(sentence) {
    const element = document.createElement("span");
    element.className = "sentence";
    element.role = "button";
    element.ariaHasPopup = "dialog";
    element.textContent = sentence.text;
    element.tabIndex = this.#sentences.length === 0 ? 0 : -1; // a tab stop for each would be too many
    this.#byElement.set(element, sentence);
    describe({ ...sentence, element });
    return element;
  }

  #moveTabStop(to) {
    for (const { element } of this.#sentences) {
      if (element.tabIndex === 0) element.tabIndex = -1;
    }
    if (this.sentenceOf(to)) to.tabIndex = 0;
  }
}

function describe({ element, flags }) {
  element.classList.toggle("flagged", flags.length > 0);
  element.setAttribute("aria-describedby", [...flags.map((flag) => `flag-${flag}`), "what-to-do"].join(" "));
}

/** The links and checks of a sentence, with offsets in it and in its translation; null where the server has null. */
function placesWithin({ source, text, start, target_start: targetStart, alignment, checks }) {
  const inSource = codePointOffsets(source);
  const inTarget = codePointOffsets(text);
  const places = (one) => ({
    source: one.source_start === null ? null : [inSource[one.source_start - start], inSource[one.source_end - start]],
    target:
      one.target_start === null
        ? null
        : [inTarget[one.target_start - targetStart], inTarget[one.target_end - targetStart]],
  });
  return {
    links: (alignment ?? []).map(places),
    checks: checks.map((check) => ({ kind: check.kind, verdict: check.verdict, ...places(check) })),
  };
}
