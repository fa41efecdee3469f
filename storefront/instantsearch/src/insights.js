/**
 * A client of insights for `instantsearch({ insights: { insightsClient } })` that sends UBI 1.3 events to the service.
 *
 * `key` has the scope `events`. Without `consent`, only what is counted is sent: no names of the browser and the visit.
 */
export function insightsClient({ url, key, application = "instantsearch", consent = false }) {
  const address = `${url.replace(/\/+$/, "")}/v1/events`;
  const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  let user = null;

  function send(events) {
    return fetch(address, { method: "POST", headers, body: JSON.stringify(events), keepalive: true });
  }

  return function aa(method, ...given) {
    switch (method) {
      case "setUserToken":
        user = given[0];
        return undefined;
      case "getUserToken":
        given[1]?.(null, user);
        return user;
      case "sendEvents":
        return send(given[0].flatMap((event) => eventsOf(event, { application, consent, user })));
      default:
        return ACTIONS[method]
          ? send(eventsOf({ eventType: ACTIONS[method], ...given[0] }, { application, consent, user }))
          : undefined; // such as init, onUserTokenChange and addAlgoliaAgent
    }
  };
}

const ACTIONS = {
  clickedObjectIDs: "click",
  clickedObjectIDsAfterSearch: "click",
  viewedObjectIDs: "view",
  convertedObjectIDs: "conversion",
  convertedObjectIDsAfterSearch: "conversion",
  addedToCartObjectIDs: "add_to_cart",
  addedToCartObjectIDsAfterSearch: "add_to_cart",
  purchasedObjectIDs: "purchase",
  purchasedObjectIDsAfterSearch: "purchase",
};

const NAMES = { view: "impression", conversion: "purchase", addToCart: "add_to_cart" };

/** An event of insights as UBI events, one for each product. */
export function eventsOf(event, { application, consent, user }) {
  const action = NAMES[event.eventSubtype] ?? event.eventSubtype ?? NAMES[event.eventType] ?? event.eventType;
  return (event.objectIDs ?? []).map((id, at) => ({
    action_name: action,
    timestamp: new Date().toISOString(),
    application,
    ...(event.queryID ? { query_id: event.queryID } : {}),
    ...(consent && user ? { client_id: user } : {}),
    consent,
    event_attributes: {
      object: { object_id: id },
      ...(event.positions?.[at] ? { position: { ordinal: event.positions[at] } } : {}),
    },
  }));
}
