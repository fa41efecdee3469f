// The page: reads what is searched from the address, asks the service, and shows what comes back.

import * as api from "./api.js";
import { announce, byId } from "./dom.js";
import * as events from "./events.js";
import * as facets from "./facets.js";
import * as frame from "./frame.js";
import * as media from "./media.js";
import * as notices from "./notices.js";
import * as photo from "./photo.js";
import { openProduct } from "./product.js";
import * as results from "./results.js";
import * as searchBox from "./search-box.js";
import * as state from "./state.js";
import * as suggestions from "./suggestions.js";
import * as texts from "./texts.js";
import * as voice from "./voice.js";

const SLOW_MS = 1000;
const WAIT_FOR_ENCODERS_MS = 3000;
const RETRY_S = [1, 2, 4, 8, 15];
const { t } = texts;

let page; // page.json
let box; // the search box
let controller = null; // of the request that runs
let retry = null; // the timer of the next try
let tries = 0;
let last = null; // the state whose products are shown
const titles = new Map(); // of products that were seen, for "more like"

async function start() {
  try {
    page = await api.configuration();
  } catch (error) {
    wait(start, error);
    return;
  }
  await texts.load(page.texts);
  notices.banner(null);
  tries = 0;
  const name = page.name.replace(/[-_]+/g, " ");
  byId("shop").textContent = name.charAt(0).toUpperCase() + name.slice(1);
  document.title = byId("shop").textContent;
  state.declare(page.filters);
  setup();
  state.onChange((next) => run(next));
  run(state.read());
}

function setup() {
  const current = () => state.read();
  box = searchBox.setup({ submit: (text) => submit({ text }) });
  byId("shop").addEventListener("click", (event) => {
    event.preventDefault();
    state.go({ ...state.EMPTY });
    scrollTo({ top: 0 });
  });
  const choose = ({ text, filters, product }) => {
    if (product) return submit({ text: product.title });
    return submit(text === undefined ? { text: "", filters } : { text });
  };
  suggestions.setup({ box: box.box, language: language(), choose });
  if (page.has.image) {
    photo.setup({ take: takePhoto, refuse: notices.toast });
  }
  if (page.has.speech && voice.canRecord()) {
    const sound = page.has.audio ? async (blob) => state.go({ ...state.EMPTY, sound: await media.keep(blob) }) : null;
    voice.setup({ language: language(), heard: box.offer, sound });
  }
  events.setup(page);
  frame.foot(page);
  addEventListener("offline", () => notices.banner("banner.offline"));
  addEventListener("online", () => run(current(), { again: true }));
}

/** A new query by words: filters of the last one go, and its photo stays beside words. */
function submit({ text, filters = {} }) {
  const { photo: image } = state.read();
  state.go({ ...state.EMPTY, text, filters, photo: Object.keys(filters).length ? "" : image });
}

async function takePhoto(blob) {
  const { text } = state.read();
  state.go({ ...state.EMPTY, text, photo: await media.keep(blob) });
}

/** The language of products, where they have texts in that of the page. */
function language() {
  return page.languages.find((one) => one.split(/[-_]/)[0].toLowerCase() === texts.language);
}

/** Searches for a state and shows the result; on an error that passes, the last products stay and it is tried again. */
async function run(now, { again = false } = {}) {
  clearTimeout(retry);
  controller?.abort();
  controller = new AbortController();
  const { signal } = controller;
  const anew =
    !again &&
    (!last ||
      last.text !== now.text ||
      last.photo !== now.photo ||
      last.sound !== now.sound ||
      last.similar !== now.similar);
  if (!again) box.set(now.text);
  frame.showMedia(now, titles, takePhoto);
  if (!again || !last) results.loading({ anew });
  if (!last && !again && page.filters.some((one) => one.facet) && !now.similar) facets.loading();
  const slow = setTimeout(() => {
    byId("progress").hidden = false;
    announce(t("slow"));
  }, SLOW_MS);
  try {
    const response = await find(now, signal);
    if (signal.aborted) return;
    tries = 0;
    notices.banner(navigator.onLine ? null : "banner.offline");
    show(response, now);
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (error.passing) results.restore();
    if (error.passing) wait(() => run(state.read(), { again: true }), error);
    else refuse(error);
  } finally {
    clearTimeout(slow);
    if (!signal.aborted) {
      byId("progress").hidden = true;
      results.loaded();
    }
  }
}

function find(now, signal) {
  const base = { size: state.PAGE_SIZE, from: (now.page - 1) * state.PAGE_SIZE, ...events.identity() };
  const code = language();
  if (code) base.language = code;
  if (now.similar) return api.similar(now.similar, base, signal);
  const files = {};
  for (const [name, id] of [
    ["image", now.photo],
    ["audio", now.sound],
  ]) {
    const blob = id && media.find(id);
    if (blob) files[name] = blob;
    else if (id) notices.toast(t("media.gone"));
  }
  const fields = { ...base, filters: state.requested(now.filters), facets: page.filters.some((one) => one.facet) };
  if (now.text) fields.text = now.text;
  if (now.sort) fields.sort = now.sort;
  return api.search(fields, files, signal);
}

function show(response, now) {
  if (response.redirect && !now.photo && !now.sound) {
    location.replace(response.redirect); // so that going back leads to before the search
    return;
  }
  const hits = response.hits ?? [];
  const currencies = new Set(hits.map((one) => one.currency).filter(Boolean));
  const currency = currencies.size === 1 ? [...currencies][0] : null;
  for (const hit of hits) titles.set(hit.id, hit);
  const first =
    !now.text &&
    !now.photo &&
    !now.sound &&
    !now.similar &&
    !Object.keys(now.filters).length &&
    now.page === 1 &&
    !now.sort;
  frame.welcome(first);
  const text = first
    ? t("results.all", { count: response.total })
    : results.summary(response, now, titles.get(now.similar)?.title);
  const hasFacets = !now.similar && facets.show(page.filters, response.facets ?? {}, now, currency);
  if (!hasFacets) byId("side").hidden = true;
  document.body.classList.toggle("narrow", !hasFacets);
  results.tools(text, page.filters, now, { hasFacets, facets: response.facets });
  byId("chips").replaceChildren(...facets.chips(page.filters, now, currency));
  byId("notes").replaceChildren(...notices.notes(response, now, () => run(state.read())));
  const shown = { queryId: response.query_id, from: (now.page - 1) * state.PAGE_SIZE, text: now.text };
  const cards = results.show(hits, actions(shown));
  events.watch(cards, hits, shown);
  results.pages(response.total, now);
  if (!hits.length) {
    byId("tools").replaceChildren(...(hasFacets ? [byId("open-filters")] : []));
    const remove =
      (now.photo || now.sound) && now.text ? () => state.go(state.changed(now, { photo: "", sound: "" })) : null;
    notices.nothing(now, response, remove);
    if (response.degraded?.length) retry = setTimeout(() => run(state.read(), { again: true }), WAIT_FOR_ENCODERS_MS);
  }
  last = now;
}

function actions(shown) {
  const similar = (hit, number) => {
    events.note("similar", { hit, number, shown });
    state.go({ ...state.EMPTY, similar: hit.id });
    scrollTo({ top: 0 });
    byId("results").focus({ preventScroll: true });
  };
  const open = (hit, number) => {
    events.note("click", { hit, number, shown });
    openProduct(hit, { similar: () => similar(hit, number) });
  };
  return { open, similar };
}

function refuse(error) {
  last = null;
  for (const id of ["tools", "chips", "notes", "cards"]) byId(id).replaceChildren();
  for (const id of ["pages", "side"]) byId(id).hidden = true;
  frame.welcome(false);
  notices.banner(null);
  notices.refused(error);
}

/** Tries again later, with more and more time between; a click or the network's return does so at once. */
function wait(action, error) {
  const seconds = error.retryAfterS ?? RETRY_S[Math.min(tries, RETRY_S.length - 1)];
  tries += 1;
  const now = () => {
    clearTimeout(retry);
    action();
  };
  retry = setTimeout(now, seconds * 1000);
  const key = !navigator.onLine ? "banner.offline" : error.status === 429 ? "banner.busy" : "banner.away";
  notices.banner(last || page ? key : "banner.start", { retry: navigator.onLine ? now : null });
}

start();
