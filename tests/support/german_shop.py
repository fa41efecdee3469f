"""An index as a German shop has one: made by hand, with its own analyzers, ids, fields and vectors."""

import json
import random
from itertools import cycle, product

from engine_forms import index_body_for

KINDS = {
    "Regenjacke": ("Bekleidung", "wasserdichte Jacke für nasse Tage"),
    "Wanderschuh": ("Schuhe", "fester Schuh für lange Wege"),
    "Kaffeemaschine": ("Küche", "brüht Kaffee in zwei Minuten"),
    "Kopfhörer": ("Elektronik", "klarer Klang ohne Kabel"),
    "Schreibtisch": ("Möbel", "Arbeitsplatz aus Holz"),
    "Fahrradhelm": ("Sport", "schützt den Kopf beim Radfahren"),
    "Teekanne": ("Küche", "hält den Tee warm"),
    "Rucksack": ("Taschen", "trägt alles für einen Tag"),
}
COLOURS = ("rot", "blau", "grün", "schwarz", "weiß")
MAKERS = ("Nordwind", "Bergquelle", "Lindenhof", "Seewerk")
SIZE = 2000

BODY = {
    "settings": {
        "index": {"knn": True, "number_of_shards": 1},
        "analysis": {
            "filter": {
                "deutsch_stamm": {"type": "stemmer", "language": "light_german"},
                "stopp": {"type": "stop", "stopwords": "_german_"},
            },
            "analyzer": {
                "deutsch": {
                    "tokenizer": "standard",
                    "filter": ["lowercase", "stopp", "german_normalization", "deutsch_stamm"],
                }
            },
        },
    },
    "mappings": {
        "properties": {
            "titel": {"type": "text", "analyzer": "deutsch"},
            "beschreibung": {"type": "text", "analyzer": "deutsch"},
            "marke": {"type": "keyword", "fields": {"text": {"type": "text", "analyzer": "deutsch"}}},
            "warengruppe": {"type": "keyword"},
            "farbe": {"type": "keyword"},
            "preis": {"properties": {"brutto": {"type": "scaled_float", "scaling_factor": 100}}},
            "bestand": {"type": "integer"},
            "angelegt": {"type": "date"},
            "verkauft": {"type": "integer"},
            "bild": {"type": "keyword", "index": False, "doc_values": False},
            "vektor": {
                "type": "knn_vector",
                "dimension": 384,
                "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
            },
        }
    },
}


def documents(count: int = SIZE) -> dict[str, dict]:
    """The documents by id, without their vectors."""
    rng = random.Random(5)
    combinations = list(product(KINDS, COLOURS, MAKERS))
    made = {}
    for number in range(count):
        kind, colour, maker = combinations[number % len(combinations)]
        group, text = KINDS[kind]
        made[f"DE-{number:05d}/{colour[0]}"] = {
            "titel": f"{kind} {colour} Modell {number}",
            "beschreibung": f"{kind} von {maker}: {text}.",
            "marke": maker,
            "warengruppe": group,
            "farbe": colour,
            "preis": {"brutto": round(rng.uniform(10, 300), 2)},
            "bestand": rng.randrange(20),
            "angelegt": f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}",
            "verkauft": rng.randrange(500),
            "bild": f"https://bilder.example/{number}.jpg",
        }
    return made


def queries_and_qrels(made: dict[str, dict]) -> tuple[str, str]:
    """Queries such as `rote Regenjacken`, as JSON Lines, and TREC qrels: 3 for the kind and colour, 1 for the kind.

    Products that sell well are worth more than others, so that there is something to learn beside the words.
    """
    queries, qrels = [], []
    for number, (kind, colour) in enumerate(product(KINDS, COLOURS[:2])):
        query = f"q{number:03d}"
        queries.append(json.dumps({"id": query, "text": f"{kind} {colour}e"}, ensure_ascii=False))
        same_kind = [(id_, one) for id_, one in made.items() if one["titel"].startswith(kind)]
        for id_, one in same_kind:
            grade = (2 + (one["verkauft"] > 250)) if one["farbe"] == colour else int(one["verkauft"] > 250)
            qrels.append(f"{query} 0 {id_} {grade}")
    return "\n".join(queries) + "\n", "\n".join(qrels) + "\n"


def fill(cluster, name: str, count: int = SIZE) -> dict[str, dict]:
    """Makes the index as the shop would, vectors of MiniLM included; returns its documents by id.

    Models of the same kind, colour and maker have the vector of the first one.
    """
    from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder

    made = documents(count)
    encoder = load_encoder(DEFAULT_TEXT_ENCODER)
    first = list(made.values())[: len(KINDS) * len(COLOURS) * len(MAKERS)]
    texts = [f"{one['titel']}. {one['beschreibung']}" for one in first]
    vectors = encoder.encode("text", [encoder.prepare("text", text) for text in texts])
    cluster.call("PUT", f"/{name}", index_body_for(cluster, BODY))
    lines = [
        json.dumps(part)
        for (id_, one), vector in zip(made.items(), cycle(vectors), strict=False)
        for part in ({"index": {"_index": name, "_id": id_}}, {**one, "vektor": vector.tolist()})
    ]
    for start in range(0, len(lines), 1000):
        answer = cluster.call("POST", "/_bulk", "\n".join(lines[start : start + 1000]) + "\n", refresh=True)
        assert not answer["errors"]
    return made
