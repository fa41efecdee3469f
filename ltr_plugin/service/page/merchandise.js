// The merchandisers' page: two rankers side by side, grades by click, and rules that are tried before they are saved.

import * as admin from "./merchandise-api.js";
import * as api from "./api.js";
import { announce, byId, h } from "./dom.js";
import * as explanation from "./merchandise-explain.js";
import { list, showGrade } from "./merchandise-lists.js";
import * as rules from "./merchandise-rules.js";
import * as texts from "./texts.js";

const SIZE = 24;
const AUTHOR = "ltr.author";
const { t } = texts;

let rankers;
let grades = {};
let runs = 0; // only the latest answer is shown
const titles = new Map();
const titleOf = (id) => titles.get(id) ?? id;

async function start() {
  const page = await api.configuration();
  await texts.load(page.texts);
  document.title = t("merch.title");
  rules.setup({ filters: page.filters, title: titleOf, preview: guarded(preview), save: guarded(save), undo: guarded(undo), discard });
  byId("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    admin.keepKey(byId("key").value.trim());
    byId("key").value = "";
    enter();
  });
  byId("sign-out").addEventListener("click", () => {
    admin.keepKey(null);
    location.reload();
  });
  byId("download").addEventListener("click", guarded(download));
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = { q: byId("text").value.trim(), left: byId("left").value, right: byId("right").value };
    history.pushState(null, "", `?${new URLSearchParams(asked)}`);
    run();
  });
  byId("author").value = sessionStorage.getItem(AUTHOR) ?? "";
  byId("author").addEventListener("change", () => sessionStorage.setItem(AUTHOR, byId("author").value.trim()));
  addEventListener("popstate", () => fill() && run());
  await enter();
}

/** Opens the desk where the key, or this machine itself, may; else asks for a key. */
async function enter() {
  byId("key-wrong").textContent = "";
  let kept;
  try {
    [rankers, kept] = await Promise.all([admin.rankers(), admin.rules()]);
  } catch (error) {
    const refused = error.status === 401 || error.status === 403;
    if (refused && admin.key()) byId("key-wrong").textContent = t("merch.key_wrong");
    else if (!refused) byId("key-wrong").textContent = error.message;
    if (refused) admin.keepKey(null);
    byId("sign-in").hidden = false;
    byId("key").focus();
    return;
  }
  for (const side of ["left", "right"]) {
    byId(side).replaceChildren(...rankers.rankers.map((one) => h("option", { value: one.name }, nameOf(one.name))));
  }
  rules.load(kept);
  fill(); // before anybody can type
  byId("sign-in").hidden = true;
  byId("desk").hidden = byId("download").hidden = false;
  byId("sign-out").hidden = !admin.key();
  byId("author-box").hidden = Boolean(admin.key()); // else the key's name is the author
  run();
}

const nameOf = (ranker) => (ranker === rankers.served ? t("merch.served", { name: ranker }) : ranker);

/** Fills the form from the address, which never has the key. */
function fill() {
  const asked = new URLSearchParams(location.search);
  byId("text").value = asked.get("q") ?? "";
  for (const [side, usual] of [["left", rankers.served], ["right", "bm25"]]) {
    const wanted = asked.get(side) ?? usual;
    byId(side).value = rankers.rankers.some((one) => one.name === wanted) ? wanted : usual;
  }
  return true;
}

const author = () => (admin.key() ? {} : { author: byId("author").value.trim() || undefined });
const query = () => byId("text").value.trim();

/** An action whose failure is said on the page. */
function guarded(action) {
  return async (...values) => {
    byId("wrong").textContent = "";
    byId("progress").hidden = false;
    try {
      await action(...values);
    } catch (error) {
      byId("wrong").textContent = error.message;
    } finally {
      byId("progress").hidden = true;
    }
  };
}

const run = guarded(async () => {
  const text = query();
  const number = (runs += 1);
  byId("start").hidden = Boolean(text);
  rules.showFor(text);
  note(null);
  if (!text) return byId("lists").replaceChildren();
  const asked = { text, left: byId("left").value, right: byId("right").value, size: SIZE };
  const [answer, given] = await Promise.all([admin.compare(asked), admin.grades(text)]);
  if (number !== runs) return undefined;
  grades = given;
  const names = [answer.left.ranker, answer.right.ranker].map(nameOf);
  note(changedBy(answer.left));
  return show(answer, names);
});

function show(answer, names) {
  const sides = [answer.left, answer.right];
  for (const hit of sides.flatMap((one) => one.hits ?? [])) titles.set(hit.id, hit.title || hit.id);
  const models = new Set(rankers.rankers.filter((one) => one.explained).map((one) => one.name));
  byId("lists").replaceChildren(
    ...sides.map((ranked, side) => {
      const why = guarded(async (hit, neighbour) => {
        const asked = { text: query(), product: hit.id, versus: neighbour?.id, ranker: ranked.ranker };
        explanation.show(await admin.explain(asked), titleOf);
      });
      const actions = { explain: models.has(ranked.ranker) ? why : null, pin, grade: guarded(grade) };
      return list({ ...ranked, hits: ranked.hits ?? [] }, { title: names[side], grades, actions });
    }),
  );
  rules.showFor(query()); // now that the titles of pinned products are known
  announce(names.map((name, side) => `${name}: ${sides[side].total ?? 0}`).join(". "));
}

/** What the rules make of a query beside the order of its products. */
function changedBy({ redirect, searched_as: text }) {
  if (redirect) return t("merch.leads", { address: redirect });
  return text ? t("merch.searches", { text }) : null;
}

function pin(hit) {
  rules.pin(hit.id);
  announce(t("merch.unsaved"));
}

async function grade(hit, value) {
  const answer = await admin.grade({ text: query(), product: hit.id, grade: value, ...author() });
  for (const id of Object.keys(grades)) delete grades[id];
  Object.assign(grades, answer.grades);
  showGrade(byId("lists"), hit.id, value);
  announce(t(value === null ? "merch.ungraded" : "merch.graded", { grade: value, title: titleOf(hit.id) }));
}

async function preview() {
  const { rules: unsaved } = rules.unsaved();
  const answer = await admin.preview({ text: query(), size: SIZE, rules: unsaved });
  show(answer, [t("merch.now"), t("merch.with_changes")]);
  note(changedBy(answer.right) ?? t("merch.previewing"));
  byId("lists").focus();
}

async function save() {
  try {
    const changed = await admin.saveRules({ ...rules.unsaved(), ...author() });
    rules.load(changed);
    await run();
    note([t("merch.saved"), ...changed.warnings.map((one) => one.message)].join(" "));
  } catch (error) {
    if (error.status !== 409) throw error;
    rules.load(await admin.rules());
    throw new Error(t("merch.conflict"));
  }
}

async function undo() {
  rules.load(await admin.undoRules(author()));
  await run();
  note(t("merch.undone"));
}

function discard(kept) {
  rules.load(kept);
  run();
}

async function download() {
  const link = h("a", { href: URL.createObjectURL(await admin.judgments()), download: "qrels.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function note(text) {
  byId("note").hidden = !text;
  byId("note").textContent = text ?? "";
  if (text) announce(text);
}

start();
