// The translation on the page: an element for each sentence, and between them what stands between them in the text.

import { codePointOffsets } from "./characters.js";

export class TranslationView {
  #root;
  #text = ""; // what is translated
  #sentences = [];
  #gaps = [""]; // before each sentence and, at last, behind the last one
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

  /** The translation, as much of it as there is. */
  get text() {
    const pieces = this.#sentences.map((sentence, place) => this.#gaps[place] + sentence.text);
    return pieces.length > 0 ? pieces.join("") + this.#gaps[pieces.length] : this.#oldText;
  }

  get sentences() {
    return this.#sentences;
  }

  /** The sentences to be careful about. */
  get flagged() {
    return this.#sentences.filter((sentence) => sentence.flags.length > 0);
  }

  /** Whether the source has changed since. */
  get isOld() {
    return this.#root.classList.contains("old");
  }

  set isOld(isOld) {
    this.#root.classList.toggle("old", isOld && this.text !== "");
  }

  clear() {
    this.begin("");
    this.finish();
  }

  /** Show a translation of which only the text is known, until the sentences come. */
  showOld(text) {
    this.clear();
    this.#oldText = text;
    this.#root.textContent = text;
    this.isOld = true;
  }

  /** Make room for the translation of `text`. */
  begin(text) {
    const sheet = document.createElement("div");
    // Else a long translation that is replaced from its start would lose the place it was scrolled to.
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

  /** Show the next sentence, as the server tells it, and return it as the page knows it. */
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
    this.#settle();
  }

  /** No more sentences come, though there are more. */
  giveUp() {
    if (this.#sentences.length > 0) this.#settle();
    this.isOld = true;
  }

  #settle() {
    this.#root.firstChild.style.minHeight = "";
    this.#root.setAttribute("aria-busy", "false");
    if (this.#text === "") this.#root.replaceChildren();
  }

  /** Put other words in a sentence's place. What was known of the old ones is not known of them. */
  replace(sentence, { text, links = [], flags = [], checks = [] }) {
    Object.assign(sentence, { text, links, flags, checks });
    sentence.element.textContent = text;
    describe(sentence);
  }

  sentenceOf(node) {
    const parent = node instanceof Element ? node : node?.parentElement;
    return this.#byElement.get(parent?.closest(".sentence"));
  }

  /** The sentence that stands at this place of the source. */
  sentenceAt(offset) {
    return this.#sentences.find((sentence) => sentence.start <= offset && offset <= sentence.end);
  }

  /** The sentence so many places behind the given one. */
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
    element.tabIndex = this.#sentences.length === 0 ? 0 : -1; // a stop for each would be too many
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

/** The links and the checks of a sentence, with offsets in it and in its translation; null where there are none. */
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
