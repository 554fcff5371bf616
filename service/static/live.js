// When a text is sent: only the newest one, after a pause in typing, and again after errors that may pass.

import { Problem, translateStream } from "./server.js";

const PAUSE_MILLISECONDS = 300;
const LONG_TEXT = 5000;
const LONG_PAUSE_MILLISECONDS = 1000; // a long text should not be sent after every word
const RETRY_SECONDS = [2, 4, 8, 15];

export class Live {
  #watcher;
  #wanted = "";
  #request = null; // the running request: {text, controller}
  #shown = null; // the text whose whole translation is on the page
  #timer = 0;
  #failures = 0;

  /** `watcher` has callbacks: changed, started, sentence, done, failed. */
  constructor(watcher) {
    this.#watcher = watcher;
  }

  /** Translate this text, unless it is already translated or being translated. */
  want(text) {
    this.#wanted = text;
    if (this.#request && isSame(this.#request.text, text)) return;
    this.#abort();
    this.#failures = 0;
    const isShown = this.#shown !== null && isSame(this.#shown, text);
    if (!isShown) this.#translateIn(text.length > LONG_TEXT ? LONG_PAUSE_MILLISECONDS : PAUSE_MILLISECONDS);
    this.#watcher.changed(isShown);
  }

  /** Translate the text without further delay. */
  translateNow() {
    clearTimeout(this.#timer);
    const text = this.#wanted;
    if (text === "" || this.#request?.text === text || this.#shown === text) return;
    this.#abort();
    this.#watcher.changed(false);
    this.#translate(text);
  }

  /** Translate the same text again at once, because the options have changed. */
  translateAgain() {
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
      let hasStarted = false;
      for await (const { name, data } of translateStream(text, controller.signal)) {
        if (controller.signal.aborted) return; // several events may have arrived together
        if (!hasStarted) this.#start(text);
        hasStarted = true;
        if (name === "sentence") this.#watcher.sentence(data);
        else this.#finish(text, data);
      }
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  #start(text) {
    this.#shown = null;
    this.#watcher.started(text);
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

/** Trailing whitespace changes neither the translation nor the offsets of its words. */
function isSame(text, other) {
  return text.trimEnd() === other.trimEnd();
}
