// The browser's storage. If it is full or blocked, the page works without it.

class Storage {
  #open;

  /** `open` returns the browser's storage; if that is blocked, it throws. */
  constructor(open) {
    this.#open = open;
  }

  /** Return the string stored under a name, or null. */
  read(name) {
    try {
      return this.#open().getItem(name);
    } catch {
      return null;
    }
  }

  /** Store a string; return whether that worked. */
  write(name, value) {
    try {
      this.#open().setItem(name, value);
      return true;
    } catch {
      return false;
    }
  }
}

export const browserStorage = new Storage(() => localStorage);

/** Cleared when the tab is closed. */
export const tabStorage = new Storage(() => sessionStorage);
