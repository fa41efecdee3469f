/**
 * A search of InstantSearch as one of the service (`POST /v1/search`).
 *
 * `indexName` may end in `/sort/NAME:asc`, as `sortBy` has it. Facet filters of one attribute are alternatives, and numeric
 * filters are ranges. Throws a TypeError for a filter that the service has no form of.
 */
export function requestOf({ indexName = "", params = {} }) {
  const size = params.hitsPerPage ?? 20;
  const sort = indexName.split("/sort/")[1];
  return {
    text: params.query ?? "",
    size,
    from: (params.page ?? 0) * size,
    filters: { ...valuesOf(params.facetFilters), ...rangesOf(params.numericFilters) },
    facets: Boolean(params.facets?.length),
    highlight: Boolean(params.query),
    ...(sort ? { sort } : {}),
  };
}

/** The values of each attribute in facet filters such as `[["brand:Dell", "brand:HP"], "color:red"]`. */
function valuesOf(facetFilters) {
  const values = {};
  for (const filter of [facetFilters ?? []].flat(3)) {
    const [name, value] = split(filter, ":");
    if (value.startsWith("-")) {
      throw new TypeError(`facetFilters: ${filter} excludes a value, which searches cannot do`);
    }
    (values[name] ??= []).push(value.replace(/^\\/, ""));
  }
  return values;
}

const ENDS = { ">=": "min", "<=": "max", "<": "below" };

/** The range of each attribute in numeric filters such as `["price>=5", "price<=20"]`. */
function rangesOf(numericFilters) {
  const ranges = {};
  for (const filter of [numericFilters ?? []].flat(3)) {
    const [, name, operator, value] = /^(.+?)(<=|>=|<|>|=|!=)(.+)$/.exec(filter) ?? [];
    const ends = operator === "=" ? ["min", "max"] : [ENDS[operator]];
    if (!name || ends.includes(undefined)) {
      throw new TypeError(`numericFilters: ${filter} is none of name>=5, name<=5, name<5 and name=5`);
    }
    for (const end of ends) {
      ranges[name] = { ...ranges[name], [end]: Number(value) };
    }
  }
  return ranges;
}

function split(text, separator) {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
