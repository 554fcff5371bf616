// The text of a textarea cannot be highlighted. So an element behind it holds the same text in the same layout.

const mirror = document.getElementById("mirror");

/** The range of the source to highlight behind the textarea. */
export function rangeBehind(textarea, start, end) {
  if (mirror.textContent !== textarea.value) mirror.textContent = textarea.value;
  alignMirror(textarea);
  return rangeIn(mirror.firstChild, start, end);
}

export function alignMirror(textarea) {
  mirror.style.width = `${textarea.clientWidth}px`; // without the scroll bar
  mirror.scrollTop = textarea.scrollTop;
}

export function rangeIn(node, start, end) {
  const range = new Range();
  range.setStart(node, start);
  range.setEnd(node, end);
  return range;
}
