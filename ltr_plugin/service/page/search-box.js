// The box: what is typed, how it is cleared, and the key that leads to it.

import { byId } from "./dom.js";

/** The box; `submit` gets the text that is sent, `press` the key `/` from anywhere on the page. */
export function setup({ submit }) {
  const [form, box, clear] = ["search", "text", "clear"].map(byId);
  const sync = () => {
    clear.hidden = !box.value;
    form.classList.toggle("filled", Boolean(box.value));
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.classList.remove("heard");
    submit(box.value.trim());
    if (matchMedia("(pointer: coarse)").matches) box.blur(); // so that the keyboard does not hide the products
  });
  clear.addEventListener("click", () => {
    box.value = "";
    sync();
    box.focus();
    box.dispatchEvent(new Event("input"));
  });
  box.addEventListener("input", sync);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !byId("suggestions").hidden) return; // the first one closes the list
    box.value = "";
    sync();
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
  return {
    box,
    set(text) {
      box.value = text;
      sync();
    },
    /** Shows words that were heard; they count when they are sent. */
    offer(text) {
      box.value = text;
      sync();
      form.classList.add("heard");
      box.focus();
      box.setSelectionRange(text.length, text.length);
    },
  };
}
