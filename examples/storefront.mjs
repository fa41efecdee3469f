// A storefront searches from JavaScript, without a framework: `node examples/storefront.mjs "red mug"`.
// It calls the search template that the search team has promoted; run examples/search_team.py before.

const cluster = process.env.OPENSEARCH_URL ?? "http://127.0.0.1:9200";
const index = "shop";

async function search(text, params = {}) {
  const response = await fetch(`${cluster}/${index}/_search/template`, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({id: index, params: {text, ...params}}),
  });
  const result = await response.json();
  if (!response.ok) throw new Error(`the cluster answers ${response.status}: ${JSON.stringify(result.error)}`);
  return result;
}

const show = (hit) => `${hit._score.toFixed(3)}  ${hit._id}  ${hit._source.title}`;

// The products of the first page, the best first.
const text = process.argv[2] ?? "red mug";
for (const hit of (await search(text, {size: 3})).hits.hits) console.log(show(hit));

// The second page of three.
for (const hit of (await search(text, {size: 3, from: 3})).hits.hits) console.log(show(hit));

// A filter restricts what the ranker is shown; facets say what else a shopper could choose.
const page = await search("winter", {size: 3, filter_price_max: 50, facets: true});
for (const hit of page.hits.hits) console.log(show(hit), hit._source.price);
for (const {key, doc_count} of page.aggregations.facets.category.buckets) console.log(`${key} (${doc_count})`);
