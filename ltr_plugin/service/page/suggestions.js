// Suggestions while typing: a combobox whose list holds queries, categories and products.

import { suggest } from "./api.js";
import { byId, debounced, h, icon } from "./dom.js";
import { photoAt } from "./card.js";
import { t } from "./texts.js";

const WAIT_MS = 120;
const SIZE = 5;

/** Suggests for the box; `choose` gets what a suggestion leads to: `{text}`, `{filters}` or `{product}`. */
export function setup({ box, language, choose }) {
  const list = byId("suggestions");
  let options = [];
  let at = -1;
  let controller = null;
  let round = 0; // a list that was asked for before the box was closed does not open it again

  const close = () => {
    round += 1;
    controller?.abort();
    list.hidden = true;
    at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const point = (to) => {
    options[at]?.element.setAttribute("aria-selected", "false");
    at = to;
    const chosen = options[at]?.element;
    if (!chosen) return box.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    return box.setAttribute("aria-activedescendant", chosen.id);
  };
  const pick = (option) => {
    close();
    choose(option.leads);
  };
  const show = (found, typed) => {
    options = [];
    const groups = [
      [
        "queries",
        (found.queries ?? []).map((text) => ({ leads: { text }, content: [icon("search"), marked(text, typed)] })),
      ],
      [
        "categories",
        (found.categories ?? []).map((one) => ({
          leads: { filters: one.filter },
          content: [icon("tag"), marked(one.name, typed)],
        })),
      ],
      [
        "products",
        (found.products ?? []).map((one) => ({
          leads: { product: one },
          content: [thumbnail(one), marked(one.title, typed)],
        })),
      ],
    ];
    const shown = groups
      .filter(([, entries]) => entries.length)
      .map(([name, entries]) => {
        const rows = entries.map((entry) => {
          const number = options.length;
          const element = h(
            "div",
            {
              role: "option",
              id: `suggestion-${number}`,
              class: "suggestion",
              "aria-selected": "false",
              on: { pointerdown: (event) => event.preventDefault(), click: () => pick(options[number]) },
            },
            entry.content,
          );
          options.push({ element, leads: entry.leads });
          return element;
        });
        return h(
          "div",
          { role: "group", "aria-labelledby": `suggest-${name}` },
          h("div", { class: "group", id: `suggest-${name}`, role: "presentation" }, t(`suggest.${name}`)),
          rows,
        );
      });
    list.replaceChildren(...shown);
    list.hidden = !options.length;
    box.setAttribute("aria-expanded", String(Boolean(options.length)));
    point(-1);
  };
  const ask = debounced(async (typed, asked) => {
    if (asked !== round || document.activeElement !== box || box.value.trim() !== typed) return;
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    try {
      const found = await suggest(typed, { size: SIZE, language }, signal);
      if (!signal.aborted && document.activeElement === box) show(found, typed);
    } catch {
      if (!signal.aborted) close(); // without suggestions one can still search
    }
  }, WAIT_MS);

  box.addEventListener("input", () => (box.value.trim() ? ask(box.value.trim(), round) : close()));
  box.addEventListener("blur", close);
  box.form.addEventListener("submit", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.hidden) {
      if (box.value.trim()) ask(box.value.trim(), round);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      point(at + step >= options.length ? -1 : at + step < -1 ? options.length - 1 : at + step);
    } else if (event.key === "Enter" && options[at] && !list.hidden) {
      event.preventDefault();
      pick(options[at]);
    }
  });
  return { close };
}

/** A text whose part that was typed is thin, so that what is added stands out. */
function marked(text, typed) {
  const found = text.toLocaleLowerCase().indexOf(typed.toLocaleLowerCase());
  if (found < 0) return h("span", { class: "words" }, text);
  const end = found + typed.length;
  return h(
    "span",
    { class: "words" },
    h("b", {}, text.slice(0, found)),
    text.slice(found, end),
    h("b", {}, text.slice(end)),
  );
}

function thumbnail(one) {
  const box = h("span", { class: "thumb" });
  const none = () => box.replaceChildren(icon("photo"));
  if (one.photo) {
    box.append(h("img", { src: photoAt(one.photo, 96), alt: "", width: "40", height: "40", on: { error: none } }));
  } else none();
  return box;
}
