// What the page says beside the products: corrections, what is missing, and that the service or the network is away.

import { announce, button, byId, h, icon } from "./dom.js";
import { changed, go, link } from "./state.js";
import { t } from "./texts.js";

/** The notes above the products for a response. */
export function notes(response, state, retry) {
  const list = [];
  const { corrected, relaxed, searched_as: searched, degraded = [] } = response;
  if (searched) list.push(note("search", h("span", {}, t("note.searched_as", { text: searched }))));
  if (relaxed === "corrected" && corrected)
    list.push(note("search", ...around(t("note.corrected", { text: state.text }), corrected, state)));
  else if (corrected && corrected !== state.text)
    list.push(note("search", ...around(t("note.did_you_mean"), corrected, state)));
  if (relaxed === "fewer_words") list.push(note("search", h("span", {}, t("note.fewer_words"))));
  if (degraded.length) {
    const missing = degraded.filter((one) => one !== "text");
    const key = missing.length
      ? state.text && response.hits.length
        ? "note.degraded_media"
        : "note.degraded_media_only"
      : "note.degraded_text";
    const again = button({ text: t("retry"), kind: "plain", on: retry, id: "retry" });
    list.push(
      note("note", h("span", {}, t(key, { media: missing.map((one) => t(`media.${one}`)).join(", ") })), again),
    );
  }
  return list;
}

const note = (name, ...content) => h("div", { class: "note" }, icon(name), h("p", {}, content));

/** A sentence with a link to the search for another text in the place of `*`. */
function around(sentence, text, state) {
  const next = changed(state, { text });
  const follow = (event) => {
    event.preventDefault();
    go(next);
  };
  const [before, after] = sentence.split("*");
  return [before, h("a", { href: link(next), class: "strong", on: { click: follow } }, text), after ?? ""];
}

/** The banner: that the service is away, or the browser offline; null hides it. */
export function banner(key, { values = {}, retry = null } = {}) {
  const bar = byId("banner");
  if (!key) {
    bar.hidden = true;
    bar.replaceChildren();
    return;
  }
  bar.replaceChildren(
    icon("away"),
    h("p", {}, t(key, values)),
    ...(retry ? [button({ text: t("retry"), kind: "quiet compact", on: retry })] : []),
  );
  bar.hidden = false;
}

/** What stands in the place of products where there are none. */
export function nothing(state, { degraded = [] }, removePhoto) {
  const place = byId("nothing");
  const hasFilters = Object.keys(state.filters).length > 0;
  const mediaOnly = !state.text && degraded.some((one) => one !== "text");
  const title = mediaOnly
    ? t("nothing.degraded")
    : state.text
      ? t("nothing.text", { text: state.text })
      : t("nothing.any");
  const actions = [
    hasFilters && button({ text: t("filters.clear"), kind: "primary", on: () => go(changed(state, { filters: {} })) }),
    removePhoto && button({ text: t("photo.remove"), kind: "quiet", on: removePhoto }),
    button({
      text: t("nothing.browse"),
      kind: "quiet",
      on: () => go({ ...state, text: "", page: 1, filters: {}, similar: "", photo: "", sound: "" }),
    }),
  ];
  place.replaceChildren(
    h("div", { class: "sign" }, icon(mediaOnly ? "clock" : "search")),
    h("h2", {}, title),
    h("p", {}, t(mediaOnly ? "nothing.wait" : hasFilters ? "nothing.filters" : "nothing.hint")),
    h("div", { class: "actions" }, actions),
  );
  place.hidden = false;
  announce(title);
}

/** What a request that cannot be used says. */
export function refused(error) {
  const place = byId("nothing");
  place.replaceChildren(
    h("div", { class: "sign" }, icon("note")),
    h("h2", {}, t("refused.title")),
    h("p", { role: "alert" }, error.message),
    h(
      "div",
      { class: "actions" },
      button({
        text: t("nothing.browse"),
        kind: "quiet",
        on: () => go({ text: "", page: 1, sort: "", filters: {}, similar: "", photo: "", sound: "" }),
      }),
    ),
  );
  place.hidden = false;
}

let passing = null;

/** A sentence that goes away by itself. */
export function toast(text) {
  clearTimeout(passing);
  document.querySelector(".toast")?.remove();
  const element = h("div", { class: "toast", role: "alert" }, text);
  document.body.append(element);
  passing = setTimeout(() => element.remove(), 6000);
}
