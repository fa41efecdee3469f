// Two lists of products side by side: what differs is marked, and each product can be graded, pinned and explained.

import { photoBox, priceOf } from "./card.js";
import { button, h } from "./dom.js";
import { t } from "./texts.js";

const GRADES = [0, 1, 2, 3];

/** One of the lists; `actions` has `explain`, `pin` and `grade`, null where there is none. */
export function list(ranked, { title, grades, actions }) {
  const moved = ranked.hits.filter((hit) => hit.other !== undefined && hit.other !== hit.position).length;
  const only = ranked.hits.filter((hit) => hit.other === undefined).length;
  const count = ranked.hits.length;
  const facts = !count ? t("merch.none") : moved + only ? t("merch.differ", { moved, only, count }) : t("merch.same");
  return h(
    "section",
    { class: "list", "aria-label": title },
    h("h2", {}, title),
    h("p", { class: "small" }, facts),
    h(
      "ol",
      { class: "rows", role: "list" },
      ranked.hits.map((hit, number) => row(hit, ranked.hits[number + 1] ?? ranked.hits[number - 1], grades, actions)),
    ),
  );
}

function row(hit, neighbour, grades, { explain, pin, grade }) {
  const title = hit.title || hit.id;
  const differs = hit.other !== hit.position;
  return h(
    "li",
    { class: `row${differs ? " moved" : ""}`, data: { id: hit.id } },
    h(
      "span",
      { class: "place" },
      h("span", { class: "unseen" }, t("merch.position", { place: hit.position })),
      h("span", { "aria-hidden": "true" }, hit.position),
    ),
    photoBox(hit.photos?.[0], 96),
    h(
      "div",
      {},
      h("h3", { class: "title" }, title),
      h(
        "div",
        { class: "facts" },
        differs && badge(hit),
        hit.brand && h("span", {}, hit.brand),
        priceOf(hit) && h("span", {}, priceOf(hit)),
      ),
    ),
    h(
      "div",
      { class: "work" },
      grade && gradeButtons(hit, title, grades, grade),
      pin &&
        button({
          text: t("merch.pin"),
          kind: "quiet",
          "aria-label": t("merch.pin_of", { title }),
          on: () => pin(hit),
        }),
      explain &&
        button({
          text: t("merch.why"),
          kind: "plain",
          "aria-label": t("merch.why_of", { title }),
          on: () => explain(hit, neighbour),
        }),
    ),
  );
}

/** By how many places the product moved, or that only this list has it. */
function badge(hit) {
  if (hit.other === undefined) return h("span", { class: "badge only" }, t("merch.only"));
  const places = Math.abs(hit.other - hit.position);
  const way = hit.position < hit.other ? "up" : "down";
  const said = t(`merch.${way}`, { places });
  return h(
    "span",
    { class: `badge ${way}`, title: said },
    h("span", { "aria-hidden": "true" }, `${way === "up" ? "▲" : "▼"} ${places}`),
    h("span", { class: "unseen" }, said),
  );
}

/** The grades as a row of buttons; the pressed one, pressed again, takes the grade away. */
function gradeButtons(hit, title, grades, keep) {
  const buttons = GRADES.map((value) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(grades[hit.id] === value),
        "aria-label": t(`merch.grade_${value}`),
        title: t(`merch.grade_${value}`),
        data: { grade: value },
        on: { click: () => keep(hit, grades[hit.id] === value ? null : value) },
      },
      String(value),
    ),
  );
  return h("div", { class: "grades", role: "group", "aria-label": t("merch.grade", { title }) }, buttons);
}

/** Presses the buttons of a product in all lists by its grade now. */
export function showGrade(place, id, grade) {
  for (const one of place.querySelectorAll(".row")) {
    if (one.dataset.id !== id) continue;
    for (const press of one.querySelectorAll(".grades button")) {
      press.setAttribute("aria-pressed", String(press.dataset.grade === String(grade)));
    }
  }
}
