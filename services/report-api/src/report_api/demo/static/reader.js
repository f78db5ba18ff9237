// Who reads: kept for the browser tab, so that a reload or another language does not make a new reader.

const KEY = "quorum-demo-reader";
const OF_THE_BUTTON = "quorum-report"; // where the button keeps what its reader has reported

function freshId() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function keep(reader) {
  sessionStorage.setItem(KEY, JSON.stringify(reader));
  return reader;
}

/** Return {number, id} of the reader of this tab. */
export function thisReader() {
  return JSON.parse(sessionStorage.getItem(KEY)) ?? keep({ number: 1, id: freshId() });
}

/** Forget what this reader has reported, and read on as somebody else. */
export function becomeAnother() {
  keep({ number: thisReader().number + 1, id: freshId() });
  localStorage.removeItem(OF_THE_BUTTON);
  location.reload();
}
