// The server counts Unicode code points, JavaScript UTF-16 units: an emoji is one there and two here.

export function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Where in the string each code point starts, and at last where the string ends. */
export function codePointOffsets(text) {
  const offsets = [0];
  for (const character of text) offsets.push(offsets.at(-1) + character.length);
  return offsets;
}

/** The text without halves of emoji, which no server could read. */
export function wellFormed(text) {
  return text.toWellFormed?.() ?? text;
}
