/** The results of InstantSearch for one of its requests, from an answer of the service. */
export function resultsOf(answer, { indexName, params = {} }) {
  const hitsPerPage = params.hitsPerPage ?? 20;
  return {
    index: indexName,
    query: params.query ?? "",
    params: "",
    queryID: answer.query_id,
    hits: hitsPerPage ? answer.hits.map((hit, at) => hitOf(hit, at, params)) : [],
    page: params.page ?? 0,
    hitsPerPage,
    nbHits: answer.total,
    nbPages: hitsPerPage ? Math.ceil(answer.total / hitsPerPage) : 0,
    exhaustiveNbHits: answer.total < 10_000,
    processingTimeMS: Math.round(answer.took.encode_ms + answer.took.search_ms),
    facets: mapValues(answer.facets ?? {}, countsOf),
    facets_stats: statsOf(answer.facets ?? {}),
    // what InstantSearch has no word for
    degraded: answer.degraded ?? [],
    relaxed: answer.relaxed ?? null,
    corrected: answer.corrected ?? null,
  };
}

/** The tag for which InstantSearch escapes a text itself; those of the service are escaped already. */
const ESCAPED_LATER = "__ais-highlight__";

const LETTERS = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&#39;": "'", "&#x2F;": "/", "&amp;": "&" };

const unescaped = (html) => html.replace(/&(?:lt|gt|quot|amp|#x27|#39|#x2F);/g, (letter) => LETTERS[letter]);

/** A hit: the returned fields, the parts of a card, and the texts with the words of the query marked. */
function hitOf({ id, fields, highlight = {}, ...card }, at, params) {
  const [before, after] = [params.highlightPreTag ?? "<em>", params.highlightPostTag ?? "</em>"];
  const text = before === ESCAPED_LATER ? unescaped : (html) => html;
  const marked = mapValues(highlight, (parts) => ({
    value: text(parts.join(" … ").replaceAll("<em>", before).replaceAll("</em>", after)),
    matchLevel: "partial",
    matchedWords: [],
  }));
  // fields such as `title.stem` are those of `title`
  for (const name of Object.keys(marked)) {
    marked[name.split(".")[0]] ??= marked[name];
  }
  return { ...fields, ...card, objectID: id, _highlightResult: marked, __position: at + 1 };
}

const countsOf = (buckets) =>
  Object.fromEntries(buckets.filter(({ value }) => value != null).map(({ value, count }) => [String(value), count]));

/** The ends of the facets of numbers, for sliders. */
function statsOf(facets) {
  const stats = {};
  for (const [name, buckets] of Object.entries(facets)) {
    const ends = buckets.filter(({ count }) => count).flatMap(({ low, high }) => [low, high]);
    const numbers = ends.filter((end) => typeof end === "number");
    if (numbers.length) {
      stats[name] = { min: Math.min(...numbers), max: Math.max(...numbers) };
    }
  }
  return stats;
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
