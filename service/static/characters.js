// The server counts Unicode code points, JavaScript UTF-16 code units: an emoji is one there and two here.

export function countCharacters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The index of each code point in the string, and finally the length of the string. */
export function codePointOffsets(text) {
  const offsets = [0];
  for (const character of text) offsets.push(offsets.at(-1) + character.length);
  return offsets;
}

/** The text with lone surrogates replaced, because UTF-8 cannot encode them. */
export function wellFormed(text) {
  return text.toWellFormed?.() ?? text;
}
