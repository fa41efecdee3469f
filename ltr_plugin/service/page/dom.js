// Elements made by hand: texts become text nodes, so that nothing a product says is read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties, `on` for its listeners, `data` for data attributes, and children (null ones are left out). */
export function h(tag, { on = {}, data = {}, class: classes, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  Object.assign(element.dataset, data);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of the file icons.svg; it says nothing to a screen reader, the words beside it do. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `page/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon, words, or both; `label` names one without words. */
export function button({ icon: name, text, label, kind = "", on, ...attributes }) {
  const classes = `button ${kind} ${text ? "" : "round"}`.trim();
  return h(
    "button",
    {
      type: "button",
      class: classes,
      "aria-label": label,
      title: text ? null : label,
      on: { click: on },
      ...attributes,
    },
    name && icon(name),
    text && h("span", {}, text),
  );
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Shows a dialog until it is closed; a click beside it closes it, and the focus goes back to where it was. */
export function openDialog(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.showModal();
}

/** Calls `action` once, `ms` after the last call. */
export function debounced(action, ms) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), ms);
  };
}

const live = () => byId("live");

/** Says a sentence to screen readers; the same sentence is said again. */
export function announce(text) {
  live().textContent = "";
  requestAnimationFrame(() => (live().textContent = text));
}
