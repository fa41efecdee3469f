import { requestOf } from "./request.js";
import { resultsOf } from "./results.js";

/**
 * A search client for `instantsearch({ searchClient })`.
 *
 * `url` is the address of `ltr serve`, `key` one with the scope `search`. `language` is the code of the shop's language, where
 * the profile has several. `photo` is the shopper's photo, a Blob, or null; the widget `imageSearch` sets it.
 */
export function searchClient({ url, key, language }) {
  const address = `${url.replace(/\/+$/, "")}/v1/search`;
  const headers = key ? { authorization: `Bearer ${key}` } : {};

  async function send(request, photo) {
    const body = { ...request, ...(language ? { language } : {}) };
    const init = photo ? { body: formOf(body, photo) } : { body: JSON.stringify(body) };
    const response = await fetch(address, {
      method: "POST",
      headers: photo ? headers : { ...headers, "content-type": "application/json" },
      ...init,
    });
    const answer = await response.json();
    if (!response.ok) {
      const reasons = (answer.problems ?? []).map(({ location, message }) => `${location}: ${message}`);
      throw new Error([answer.error, ...reasons].join("\n"));
    }
    return answer;
  }

  return {
    photo: null,

    /** The results of requests of InstantSearch; one search answers a page and the counts of its facets. */
    async search(requests) {
      const asked = new Map();
      const answers = requests.map((one) => {
        // InstantSearch asks again for each refined facet, without its own filter; the service counts so at once
        const page = isCount(one) && requests.find((other) => !isCount(other) && other.indexName === one.indexName);
        const request = requestOf(page || one);
        const known = JSON.stringify(request);
        if (!asked.has(known)) {
          asked.set(known, send(request, this.photo));
        }
        return asked.get(known);
      });
      const found = await Promise.all(answers);
      return { results: found.map((answer, at) => resultsOf(answer, requests[at])) };
    },

    async searchForFacetValues() {
      throw new Error("the service has no search for values of a facet; leave out `searchable`");
    },
  };
}

const isCount = ({ params = {} }) => params.hitsPerPage === 0;

function formOf(request, photo) {
  const form = new FormData();
  for (const [name, value] of Object.entries(request)) {
    form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  form.append("image", photo, "photo");
  return form;
}
