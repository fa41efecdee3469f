import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { eventsOf, insightsClient } from "../src/insights.js";
import { requestOf } from "../src/request.js";
import { resultsOf } from "../src/results.js";
import { searchClient } from "../src/search-client.js";

const ANSWER = {
  query_id: "q1",
  total: 45,
  took: { encode_ms: 3.4, search_ms: 5.2 },
  hits: [
    {
      id: "m1",
      title: "green mug",
      price: 5,
      fields: { stock: 3 },
      highlight: { "title.stem": ["green <em>mug</em> &amp; &lt;b&gt;"] },
    },
  ],
  facets: {
    brand: [
      { value: "Acme", count: 3, filter: "Acme" },
      { value: true, count: 1, filter: true },
    ],
    price: [
      { low: null, high: 10, count: 2, filter: {} },
      { low: 10, high: 50, count: 1, filter: {} },
      { low: 50, high: 900, count: 0, filter: {} },
    ],
  },
};

let sent;
const { fetch } = globalThis;

beforeEach(() => {
  sent = [];
  globalThis.fetch = async (address, init) => {
    sent.push({ address, ...init });
    return { ok: true, json: async () => ANSWER };
  };
});
afterEach(() => {
  globalThis.fetch = fetch;
});

test("a page with filters and an order is a search", () => {
  const params = {
    query: "mug",
    page: 2,
    hitsPerPage: 12,
    facets: ["brand"],
    facetFilters: [["brand:Acme: best", "brand:\\-x"], "colour:red"],
    numericFilters: ["price>=5", "price<=20.5", "rating=4"],
  };
  assert.deepEqual(requestOf({ indexName: "shop/sort/price:asc", params }), {
    text: "mug",
    size: 12,
    from: 24,
    filters: {
      brand: ["Acme: best", "-x"],
      colour: ["red"],
      price: { min: 5, max: 20.5 },
      rating: { min: 4, max: 4 },
    },
    facets: true,
    highlight: true,
    sort: "price:asc",
  });
});

test("a first page without words browses", () => {
  const request = requestOf({ indexName: "shop" });
  assert.deepEqual(request, { text: "", size: 20, from: 0, filters: {}, facets: false, highlight: false });
});

test("filters that the service has no form of are named", () => {
  assert.throws(() => requestOf({ params: { facetFilters: ["brand:-Acme"] } }), /brand:-Acme excludes/);
  assert.throws(() => requestOf({ params: { numericFilters: ["price!=5"] } }), /price!=5 is none of/);
});

test("an answer has the form of InstantSearch", () => {
  const [highlightPreTag, highlightPostTag] = ["__ais-highlight__", "__/ais-highlight__"];
  const params = { query: "mug", hitsPerPage: 20, page: 1, highlightPreTag, highlightPostTag };
  const results = resultsOf(ANSWER, { indexName: "shop", params });
  assert.equal(results.nbPages, 3);
  assert.equal(results.processingTimeMS, 9);
  assert.deepEqual(results.facets, { brand: { Acme: 3, true: 1 }, price: {} });
  assert.deepEqual(results.facets_stats, { price: { min: 10, max: 50 } });
  const [hit] = results.hits;
  assert.deepEqual([hit.objectID, hit.stock, hit.title, hit.__position], ["m1", 3, "green mug", 1]);
  assert.equal(hit._highlightResult.title.value, "green __ais-highlight__mug__/ais-highlight__ & <b>");
  // whoever escapes nothing gets what is escaped already
  const [plain] = resultsOf(ANSWER, { indexName: "shop" }).hits;
  assert.equal(plain._highlightResult.title.value, "green <em>mug</em> &amp; &lt;b&gt;");
});

test("one search answers a page and the counts of its facets", async () => {
  const page = { query: "mug", hitsPerPage: 20, facets: ["brand"], facetFilters: [["brand:Acme"]] };
  const counts = { query: "mug", hitsPerPage: 0, facets: "brand" };
  const client = searchClient({ url: "http://shop/", key: "k", language: "de" });
  const { results } = await client.search([
    { indexName: "shop", params: page },
    { indexName: "shop", params: counts },
  ]);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].address, "http://shop/v1/search");
  assert.equal(sent[0].headers.authorization, "Bearer k");
  assert.equal(JSON.parse(sent[0].body).language, "de");
  assert.deepEqual(
    results.map(({ hits, facets }) => [hits.length, facets.brand.Acme]),
    [
      [1, 3],
      [0, 3],
    ],
  );
});

test("a photo goes in a form", async () => {
  const client = searchClient({ url: "http://shop" });
  client.photo = new Blob(["x"], { type: "image/png" });
  await client.search([{ indexName: "shop", params: { query: "" } }]);
  const form = sent[0].body;
  assert.deepEqual([form.get("text"), form.get("size"), form.get("filters")], ["", "20", "{}"]);
  assert.equal(form.get("image").size, 1);
  assert.equal(sent[0].headers["content-type"], undefined);
});

test("why a search is refused is said", async () => {
  globalThis.fetch = async () => ({
    ok: false,
    json: async () => ({ error: "search cannot be used", problems: [{ location: "sort", message: "no such" }] }),
  });
  const client = searchClient({ url: "http://shop" });
  await assert.rejects(client.search([{ indexName: "shop" }]), /search cannot be used\nsort: no such/);
});

test("clicks become UBI events, and names of shoppers need consent", () => {
  const event = { eventType: "click", objectIDs: ["a", "b"], positions: [3, 4], queryID: "q1" };
  const events = eventsOf(event, { application: "shop", consent: false, user: "u" });
  assert.deepEqual(
    events.map(({ action_name, query_id, client_id, event_attributes }) => [
      action_name,
      query_id,
      client_id,
      event_attributes.object.object_id,
      event_attributes.position.ordinal,
    ]),
    [
      ["click", "q1", undefined, "a", 3],
      ["click", "q1", undefined, "b", 4],
    ],
  );
  const [told] = eventsOf({ eventType: "view", objectIDs: ["a"] }, { application: "shop", consent: true, user: "u" });
  assert.deepEqual([told.action_name, told.client_id], ["impression", "u"]);
  const [bought] = eventsOf({ eventType: "conversion", eventSubtype: "addToCart", objectIDs: ["a"] }, {});
  assert.equal(bought.action_name, "add_to_cart");
});

test("the client of insights keeps the user and sends events", async () => {
  const aa = insightsClient({ url: "http://shop", key: "k", consent: true });
  aa("init", { appId: "x" });
  aa("setUserToken", "u1");
  aa("getUserToken", {}, (_, token) => assert.equal(token, "u1"));
  await aa("clickedObjectIDsAfterSearch", { objectIDs: ["a"], positions: [1], queryID: "q" });
  assert.equal(sent[0].address, "http://shop/v1/events");
  assert.equal(JSON.parse(sent[0].body)[0].client_id, "u1");
});
