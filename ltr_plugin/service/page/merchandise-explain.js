// "Why is this here": what each modality and feature adds to the score, beside the next product of the list.

import { button, h, openDialog } from "./dom.js";
import { label, number, t } from "./texts.js";

const signed = (value) => `${value > 0 ? "+" : ""}${number(Number(value.toPrecision(3)))}`;
const plain = (value) => (value === null || value === undefined ? "–" : number(Number(value.toPrecision(4))));

/** Shows an explanation; `titles` gives the title of a product by its id. */
export function show(answer, titles) {
  const title = titles(answer.product);
  const versus = answer.versus ? titles(answer.versus) : null;
  const most = Math.max(...answer.modalities.flatMap((one) => [one.contribution, one.versus ?? 0]).map(Math.abs), 1e-12);
  const dialog = h("dialog", { class: "why", "aria-labelledby": "why-title" });
  dialog.append(
    h(
      "div",
      { class: "head" },
      h("h2", { id: "why-title" }, t("merch.why_of", { title })),
      button({ icon: "close", label: t("close"), on: () => dialog.close() }),
    ),
    versus
      ? h("p", {}, t("merch.versus", { title: versus }))
      : h("p", {}, `${t("merch.score")}: ${plain(answer.score)}`),
  );
  if (versus) {
    const gaps = answer.modalities.map((one) => ({ name: one.name, value: one.contribution - (one.versus ?? 0) }));
    const best = gaps.reduce((one, other) => (other.value > one.value ? other : one));
    if (best.value > 0) {
      dialog.append(h("p", { class: "strong" }, t("merch.ahead", { name: label(best.name), value: signed(best.value) })));
    }
    const keys = [h("span", {}, t("merch.this")), h("span", { class: "theirs" }, t("merch.neighbour"))];
    dialog.append(h("p", { class: "legend" }, keys));
  }
  dialog.append(
    h("div", {}, answer.modalities.map((one) => modality(one, most))),
    features(answer, Boolean(versus)),
    h("p", { class: "small" }, t("merch.rules_off")),
  );
  openDialog(dialog);
}

function modality(one, most) {
  const rows = [[one.contribution, ""]];
  if (one.versus !== undefined) rows.push([one.versus, " theirs"]);
  return h(
    "div",
    { class: "modality" },
    h("span", { class: "name" }, label(one.name)),
    rows.flatMap(([value, kind]) => [bar(value, most, kind), h("span", { class: "amount" }, signed(value))]),
  );
}

/** A bar from the middle to the right for what raises the score, to the left for what lowers it. */
function bar(value, most, kind) {
  const fill = h("span");
  const width = (Math.abs(value) / most) * 50;
  fill.style.left = `${value < 0 ? 50 - width : 50}%`;
  fill.style.width = `${width}%`;
  return h("span", { class: `track${kind}`, "aria-hidden": "true" }, fill);
}

function features(answer, versus) {
  const heads = [t("merch.feature"), t("merch.value"), t("merch.contribution")];
  if (versus) heads.push(...[t("merch.value"), t("merch.contribution")].map((one) => `${t("merch.neighbour")}: ${one}`));
  const sorted = [...answer.features].sort((one, other) => Math.abs(other.contribution) - Math.abs(one.contribution));
  return h(
    "details",
    {},
    h("summary", {}, t("merch.features")),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("merch.features") },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, heads.map((one) => h("th", { scope: "col" }, one)))),
        h(
          "tbody",
          {},
          sorted.map((one) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, one.name),
              h("td", {}, plain(one.value)),
              h("td", {}, signed(one.contribution)),
              versus && h("td", {}, plain(one.versus_value)),
              versus && h("td", {}, signed(one.versus ?? 0)),
            ),
          ),
        ),
      ),
    ),
  );
}
