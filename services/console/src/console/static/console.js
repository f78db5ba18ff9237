// What every page of the console does by itself: a menu that begins closed on a phone, and keys for the queue.
const FIELDS = "input, select, textarea, [contenteditable]";
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  b: () => toggle("see"),
  g: () => toggle("grey"),
  z: () => document.querySelector("[data-undo]")?.click(),
  "?": () => document.getElementById("help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const writes = event.target.matches(FIELDS) && event.target.type !== "checkbox";
  if (event.ctrlKey || event.metaKey || event.altKey || writes || document.querySelector("dialog[open]")) return;
  const act = KEYS[event.key] ?? press(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of event.target.form.elements.image.length ? event.target.form.elements.image : [event.target.form.elements.image]) {
    box.checked = event.target.checked;
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) KEYS["?"]();
});

document.addEventListener("htmx:afterSettle", closeMenu);
closeMenu();

function press(key) {
  const button = /^[a-z]$/.test(key) && document.querySelector(`[data-key="${key}"]`);
  return button ? () => button.click() : undefined;
}

function step(by) {
  const links = [...document.querySelectorAll(".entries a")];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  links[here + by]?.click();
}

function toggle(id) {
  const box = document.getElementById(id);
  if (box) box.checked = !box.checked;
}

function closeMenu() {
  const rooms = document.querySelector("details.rooms");
  if (rooms && matchMedia("(max-width: 60rem)").matches) rooms.open = false;
}
