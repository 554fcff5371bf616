// When a text is sent: after a pause in typing, only the newest, and again where that may help.

import { Problem, translateStream } from "./server.js";

const PAUSE_MILLISECONDS = 300;
const LONG_TEXT = 5000;
const LONG_PAUSE_MILLISECONDS = 1000; // so much text should not be sent for every word
const RETRY_SECONDS = [2, 4, 8, 15];

export class Live {
  #watcher;
  #wanted = "";
  #request = null; // what is being translated: {text, controller}
  #shown = null; // the text whose translation is on the page, whole
  #timer = 0;
  #failures = 0;

  /** Tell `watcher` what becomes of the text: changed, begun, sentence, done, failed. */
  constructor(watcher) {
    this.#watcher = watcher;
  }

  /** Translate this text, unless that is done or being done. */
  want(text) {
    this.#wanted = text;
    if (this.#request && isSame(this.#request.text, text)) return;
    this.#abort();
    this.#failures = 0;
    const isShown = this.#shown !== null && isSame(this.#shown, text);
    if (!isShown) this.#translateIn(text.length > LONG_TEXT ? LONG_PAUSE_MILLISECONDS : PAUSE_MILLISECONDS);
    this.#watcher.changed(isShown);
  }

  /** Translate the text without waiting any longer. */
  translateNow() {
    clearTimeout(this.#timer);
    const text = this.#wanted;
    if (text === "" || this.#request?.text === text || this.#shown === text) return;
    this.#abort();
    this.#watcher.changed(false);
    this.#translate(text);
  }

  /** Translate the same text again at once, because the options have changed. */
  translateAnew() {
    this.#abort();
    this.#failures = 0;
    this.#shown = null;
    this.translateNow();
  }

  /** Translate nothing: there is no text, or none that may be sent. */
  stop() {
    this.#abort();
    this.#wanted = "";
    this.#shown = null;
  }

  #abort() {
    clearTimeout(this.#timer);
    this.#request?.controller.abort();
    this.#request = null;
  }

  #translateIn(milliseconds) {
    this.#timer = setTimeout(() => this.translateNow(), milliseconds);
  }

  async #translate(text) {
    const controller = new AbortController();
    this.#request = { text, controller };
    try {
      let hasBegun = false;
      for await (const { name, data } of translateStream(text, controller.signal)) {
        if (controller.signal.aborted) return; // events may have come together
        if (!hasBegun) this.#begin(text);
        hasBegun = true;
        if (name === "sentence") this.#watcher.sentence(data);
        else this.#finish(text, data);
      }
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  #begin(text) {
    this.#shown = null;
    this.#watcher.begun(text);
  }

  #finish(text, end) {
    this.#request = null;
    this.#shown = text;
    this.#failures = 0;
    this.#watcher.done(end);
  }

  #fail(problem) {
    if (!(problem instanceof Problem)) throw problem;
    this.#request = null;
    let seconds = null;
    if (problem.isTriedAgain) {
      const backOff = RETRY_SECONDS[Math.min(this.#failures, RETRY_SECONDS.length - 1)];
      seconds = problem.retryAfterSeconds ?? backOff;
      this.#failures += 1;
      this.#translateIn(1000 * seconds);
    }
    this.#watcher.failed(problem, seconds);
  }
}

/** Blanks at the end change neither the translation nor where its words are. */
function isSame(text, other) {
  return text.trimEnd() === other.trimEnd();
}
