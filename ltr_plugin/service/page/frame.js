// What stands around the products: the ways to search on a first visit, what a query shows, and the foot of the page.

import { photoAt } from "./card.js";
import { button, byId, h, icon } from "./dom.js";
import * as events from "./events.js";
import * as media from "./media.js";
import { photoChip } from "./photo.js";
import * as state from "./state.js";
import * as texts from "./texts.js";

const { t } = texts;

/** What a first visit is told: the ways to search that this service has. */
export function welcome(visible) {
  const place = byId("welcome");
  place.hidden = !visible;
  if (!visible || place.children.length) return;
  const ways = [["search", "welcome.type", () => byId("text").focus()]];
  if (!byId("add-photo").hidden) ways.push(["camera", "welcome.photo", () => byId("add-photo").click()]);
  if (!byId("speak").hidden) ways.push(["microphone", "welcome.voice", () => byId("speak").click()]);
  place.append(
    h("h2", {}, t("welcome.title")),
    h(
      "div",
      { class: "ways" },
      ways.map(([name, key, action]) =>
        h(
          "button",
          { type: "button", class: "way", on: { click: action } },
          icon(name),
          h("span", {}, h("b", {}, t(key)), h("span", {}, t(`${key}_how`))),
        ),
      ),
    ),
  );
}

/** The chip of the query's photo, sound, or the product that others shall be like, of those in `titles`. */
export function showMedia(now, titles, takePhoto) {
  const place = byId("media");
  const without = (changes) => () => state.go(state.changed(state.read(), changes));
  const chips = [];
  const image = now.photo && media.find(now.photo);
  if (image) chips.push(photoChip(image, { replace: takePhoto, remove: without({ photo: "" }) }));
  if (now.sound && media.find(now.sound))
    chips.push(chip(icon("sound"), t("sound.searched"), t("sound.remove"), without({ sound: "" })));
  if (now.similar) {
    const like = titles.get(now.similar);
    const picture = like?.photos?.[0]
      ? h("img", { src: photoAt(like.photos[0], 96), alt: "", width: "40", height: "40" })
      : icon("similar");
    chips.push(
      chip(
        picture,
        t("similar.of", { title: like?.title ?? now.similar }),
        t("similar.remove"),
        without({ similar: "" }),
      ),
    );
  }
  place.replaceChildren(...chips);
  place.hidden = !chips.length;
}

const chip = (picture, text, label, remove) =>
  h(
    "div",
    { class: "medium" },
    picture,
    h("span", { class: "what" }, text),
    button({ icon: "close", label, on: remove }),
  );

/** The foot: the language of the page, the choice of privacy, and the description of the API. */
export function foot(page) {
  const languages = page.texts.map((code) =>
    h(
      "option",
      { value: code, selected: code === texts.language },
      new Intl.DisplayNames([code], { type: "language" }).of(code),
    ),
  );
  const select = h(
    "select",
    { "aria-label": t("foot.language"), on: { change: (event) => texts.choose(event.target.value) } },
    languages,
  );
  byId("foot").replaceChildren(
    ...[
      languages.length > 1 && h("span", { class: "select" }, select, icon("down")),
      page.has.events && button({ text: t("consent.title"), kind: "plain", on: events.ask }),
      h("a", { class: "button plain", href: "docs" }, t("foot.api")),
    ].filter(Boolean),
  );
}
