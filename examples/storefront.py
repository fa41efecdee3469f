"""A storefront searches with plain HTTP: it calls the search template that the search team has promoted.

Run `examples/search_team.py` before. Vectors are optional: only a photo, a recording or the meaning of the text needs
them. In a shop, `QueryEncoder` runs in a process that stays up, since it loads the encoders once.
"""

import json
from urllib.request import Request, urlopen

from ltr_plugin import QueryEncoder, connect

INDEX = "shop"

cluster = connect()
index = cluster.index(INDEX)
encoder = QueryEncoder(index.vectors)


def ranked(text: str, image: bytes | None = None, **params: object) -> list[dict]:
    """The products that the current release finds for a text, a photo, or both."""
    vectors = encoder.encode(text=text, image=image)
    body = {"id": INDEX, "params": {"text": text, **vectors, **params}}
    url = f"{cluster.url}/{INDEX}/_search/template"
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as response:
        return json.load(response)["hits"]["hits"]


for hit in ranked("red mug", size=3):
    print(f"{hit['_score']:8.3f}  {hit['_id']}  {hit['_source']['title']}")

# A filter is any query clause. It restricts what the ranker is shown, so a page is never half empty.
cheap = {"range": {"price": {"lte": 20}}}
print("up to 20:", [hit["_source"]["title"] for hit in ranked("winter", filters=[cheap])])
