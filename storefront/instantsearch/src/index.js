export { imageSearch } from "./image-search.js";
export { insightsClient } from "./insights.js";
export { searchClient } from "./search-client.js";
