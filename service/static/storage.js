// The browser's storage, which may be full or forbidden: the page then goes on without.

class Storage {
  #open;

  /** `open` returns the browser's storage; where that is forbidden, already asking for it fails. */
  constructor(open) {
    this.#open = open;
  }

  /** What is stored under that name, or null. */
  read(name) {
    try {
      return this.#open().getItem(name);
    } catch {
      return null;
    }
  }

  /** Store a string; tells whether that was possible. */
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

/** Forgotten when the tab is closed. */
export const tabStorage = new Storage(() => sessionStorage);
