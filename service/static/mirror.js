// A textarea's text cannot be highlighted. So the same text stands unseen behind it, laid out in the same way.

const mirror = document.getElementById("mirror");

/** A range of the source, to be highlighted behind the textarea. */
export function rangeBehind(textarea, start, end) {
  if (mirror.textContent !== textarea.value) mirror.textContent = textarea.value;
  alignMirror(textarea);
  return rangeIn(mirror.firstChild, start, end);
}

export function alignMirror(textarea) {
  mirror.style.width = `${textarea.clientWidth}px`; // without its scroll bar
  mirror.scrollTop = textarea.scrollTop;
}

export function rangeIn(node, start, end) {
  const range = new Range();
  range.setStart(node, start);
  range.setEnd(node, end);
  return range;
}
