"""Requests that nobody should send: sound ones with a few things wrong, and some that take the original's node down."""

import copy
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from engine_http import STORE, derived, price, words


@dataclass(frozen=True)
class Attack:
    """One request. `path` is below the store for the calls of the engine, else below the cluster."""

    method: str
    path: str
    body: str | bytes | None = None


NUMBERS = (
    "0", "-1", "1e999", "-1e400", "1e39", "NaN", '"NaN"', '"Infinity"', "9" * 400, "2147483648", "-0.0", "1e-400",
)  # fmt: skip
TEXTS = (
    "", " ", "\u0000", "\ud83d", "é" * 600, "x" * 20_000, "../..", "*", "a,b", "_all", "{{", "{{#a}}", "'", '"',
)  # fmt: skip
NAMES = ("f", "words", "price", "none", "_x", "a b", "\u0000", "x" * 600, "-", "é", "*")
TOKENS = (
    "words", "price", "d", "none", "w", "(", ")", "+", "-", "*", "/", "%", "^", "?", ":", ",", ".", "<", ">=", "==",
    "!", "&&", "||", "~", "<<", "1", "0x7f", "1e308", ".5.", "abs(", "ln(", "max(", "pow(", "nosuch(", "é", "'a'", "[",
    "]", "\u0000",
)  # fmt: skip
TAGS = (
    "{{x}}", "{{{x}}}", "{{#l}}", "{{/l}}", "{{^l}}", "{{#toJson}}", "{{/toJson}}", "{{#join}}", "{{/join}}",
    "{{#url}}", "{{/url}}", "{{> p}}", "{{< p}}", "{{! c}}", "{{=<% %>=}}", "{{l.0}}", "{{l.size}}", "{{.}}",
    "{{", "}}", "\\", "\u0000", "{{x.class}}", "{{#join delimiter='", "'}}", '{"match_all":{}}', '"}}',
    '{"match":{"title":"',
)  # fmt: skip
PATHS = (
    "_feature", "_model", "_featureset", "_addfeatures", "_createmodel", "x", "%00", "..", "%2F", "_cachestats",
    "_clearcache", "stats", quote("é" * 300),
)  # fmt: skip
PARAMETERS = (
    "", "?from=-1", "?size=99999999", "?from=x", "?prefix=%00", "?version=-9", "?prefix=" + "y" * 3000, "?merge=maybe",
)  # fmt: skip


class Attacks:
    """An endless supply of attacks, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.count = 0
        self.raws: list[str] = []

    def next(self) -> Attack:
        self.count += 1
        return self.chance.choice(KINDS)(self)

    def name(self) -> str:
        known = self.chance.random() < 0.7
        return quote(f"h{self.count}" if known else self.chance.choice(NAMES), safe="") or "x"

    def text(self, tokens: tuple[str, ...], most: int) -> str:
        return "".join(self.chance.choices(tokens, k=self.chance.randrange(1, most)))

    def raw(self, text: str) -> str:
        """A stand-in for JSON that json.dumps cannot write."""
        self.raws.append(text)
        return f"@raw{len(self.raws)}@"

    def value(self) -> Any:
        """Something in the place of something else."""
        kind = self.chance.randrange(8)
        if kind == 0:
            return self.raw(self.chance.choice(NUMBERS))
        if kind == 1:
            return self.chance.choice(TEXTS)
        if kind == 2:
            return self.chance.choice((None, True, False, [], {}, [[]], [None], {"": {}}, 7, -3.5))
        if kind == 3:
            depth = self.chance.choice((3, 90, 600, 3000))
            return self.raw("[" * depth + "]" * depth)
        if kind == 4:
            depth = self.chance.choice((3, 90, 600, 3000))
            return self.raw('{"a":' * depth + "1" + "}" * depth)
        if kind == 5:
            return [self.chance.choice((1, "a", None))] * self.chance.choice((1, 50, 5000))
        if kind == 6:
            return {f"k{i}": i for i in range(self.chance.choice((1, 50, 2000)))}
        return self.text(TOKENS, 12)

    def mutated(self, body: Any) -> str:
        """The body as JSON with one to four things changed, and now and then cut off or disturbed as text."""
        body = copy.deepcopy(body)
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 4))):
            self.change(body)
        text = json.dumps(body)
        text = re.sub(r'"@raw(\d+)@"', lambda found: self.raws[int(found[1]) - 1], text)
        if self.chance.random() < 0.1:
            at = self.chance.randrange(len(text))
            text = self.chance.choice(
                (text[:at], text[:at] + "\u0000" + text[at:], text + text, text[:at] + "}" + text[at:])
            )
        return text

    def change(self, body: Any) -> None:
        places = list(self.places(body))
        inside, key = self.chance.choice(places) if places else (None, None)
        if inside is None:
            return
        kind = self.chance.randrange(6)
        if kind == 0 and isinstance(inside, dict):
            del inside[key]
        elif kind == 1 and isinstance(inside, dict):
            inside[self.chance.choice(("surprise", "name", "missing", "", "leaf", "features", "validation"))] = (
                self.value()
            )
        elif kind == 2 and isinstance(inside, list):
            inside.extend(inside * self.chance.choice((1, 30)))
        else:
            inside[key] = self.value()

    def places(self, body: Any) -> Any:
        if isinstance(body, dict):
            for key, value in body.items():
                yield body, key
                yield from self.places(value)
        elif isinstance(body, list):
            for place, value in enumerate(body):
                yield body, place
                yield from self.places(value)

    # The calls.

    def feature(self) -> dict[str, Any]:
        kind = self.chance.randrange(5)
        if kind == 0:
            return derived("d", self.text(TOKENS, 25), "w")
        if kind == 1:
            return {"name": "t", "template": self.text(TAGS, 20)}
        if kind == 2:
            return derived(
                "d",
                self.chance.choice(("price+", "-", "(", "abs(", "1?")) * self.chance.choice((50, 1500, 20_000)) + "1",
            )
        if kind == 3:
            return {
                "name": "t",
                "template": self.chance.choice(("{{#l}}", "{{^l}}", "{{#join}}")) * self.chance.choice((5, 60, 9000)),
            }
        return self.chance.choice(
            (words(), price(), {"name": "s", "template_language": "painless", "template": "params.w > 1"})
        )

    def put_feature(self) -> Attack:
        feature = self.feature() | {"name": f"h{self.count}"}
        return Attack(
            self.chance.choice(("PUT", "POST")), f"_feature/h{self.count}", self.mutated({"feature": feature})
        )

    def put_set(self) -> Attack:
        features = [words(), price(), *(self.feature() for _ in range(self.chance.randrange(3)))]
        body: dict[str, Any] = {"featureset": {"features": features}}
        if self.chance.random() < 0.3:
            body["validation"] = {
                "index": "enginetests-products",
                "params": {"keywords": "red", "w": 2, "l": [1, 2], "x": "y"},
            }
        return Attack("POST", f"_featureset/{self.name()}", self.mutated(body))

    def add_features(self) -> Attack:
        path = f"_featureset/{self.name()}/_addfeatures"
        if self.chance.random() < 0.4:
            query = quote(self.chance.choice(("*", "h*", "****", "", "none", "é*", "_", "x" * 700)), safe="")
            return Attack("POST", f"{path}/{query}?merge={self.chance.choice(('true', 'false', 'maybe', ''))}")
        return Attack("POST", f"{path}?merge=true", self.mutated({"features": [self.feature() for _ in range(3)]}))

    def create_model(self) -> Attack:
        kind, definition = self.chance.choice(DEFINITIONS)(self)
        normalizers = {"price": {"standard": {"mean": 0.5, "standard_deviation": 2.0}}}
        model = {"type": kind, "definition": definition, "feature_normalizers": normalizers}
        body = {"model": {"name": f"h{self.count}", "model": model}}
        return Attack("POST", "_featureset/base/_createmodel", self.mutated(body))

    def put_model(self) -> Attack:
        kind, definition = self.chance.choice(DEFINITIONS)(self)
        of_set = {"name": "s", "features": [words(), price(), self.feature()]}
        body = {"model": {"feature_set": of_set, "model": {"type": kind, "definition": definition}}}
        return Attack("PUT", f"_model/{self.name()}", self.mutated(body))

    def search(self) -> Attack:
        target = self.chance.choice(({"featureset": "base"}, {"model": f"h{self.chance.randrange(1, self.count + 1)}"},
                                     {"featureset": f"h{self.chance.randrange(1, self.count + 1)}"}))  # fmt: skip
        params = {"keywords": "red", "w": 2, "l": [1, 2], "x": {"y": "z"}}
        query = {"sltr": {"store": STORE, "params": params, "active_features": [], "_name": "n", **target}}
        log = {"ltr_log": {"log_specs": [{"named_query": "n", "missing_as_zero": True}, {"rescore_index": 0}]}}
        parts = [f'"query":{self.mutated(query)}', f'"explain":{self.chance.choice(("true", "false"))}']
        if self.chance.random() < 0.5:
            parts.append(f'"rescore":{{"window_size":50,"query":{{"rescore_query":{self.mutated(query)}}}}}')
        if self.chance.random() < 0.5:
            parts.append(f'"ext":{self.mutated(log)}')
        return Attack("POST", "/enginetests-products/_search", f"{{{','.join(parts)}}}")

    def odd_path(self) -> Attack:
        path = "/".join(self.chance.choices(PATHS, k=self.chance.randrange(1, 5)))
        method = self.chance.choice(("GET", "POST", "PUT", "DELETE", "HEAD"))
        return Attack(method, path + self.chance.choice(PARAMETERS))

    def noise(self) -> Attack:
        path = self.chance.choice(("_feature/n", "_featureset/n", "_model/n", "_featureset/base/_createmodel"))
        return Attack(
            "PUT" if "_create" not in path else "POST", path, self.chance.randbytes(self.chance.choice((1, 30, 4000)))
        )

    # Definitions.

    def dump(self) -> tuple[str, Any]:
        tree: dict[str, Any] = {"nodeid": 0, "leaf": 1.5}
        for node in range(1, 2 * self.chance.choice((0, 2, 5)), 2):
            ids = {"yes": tree["nodeid"], "no": node, "missing": self.chance.choice((tree["nodeid"], node, 99))}
            children = [tree, {"nodeid": node, "leaf": -0.5}]
            tree = {
                "nodeid": node + 1,
                "depth": 0,
                "split": "price",
                "split_condition": 1.5,
                **ids,
                "children": children,
            }
        return "model/xgboost+json", self.chance.choice(
            ([tree], {"splits": [tree], "objective": "rank:ndcg"}, json.dumps([tree]))
        )

    def deep_dump(self) -> tuple[str, Any]:
        """The original's node dies of some 500 levels."""
        depth = self.chance.choice((450, 495, 520, 3000))
        start = "".join(
            f'{{"nodeid":{2 * i},"depth":{i},"split":"price","split_condition":1,"yes":{2 * i + 1},"no":{2 * i + 2},'
            f'"children":[{{"nodeid":{2 * i + 1},"leaf":1}},'
            for i in range(depth)
        )
        return "model/xgboost+json", self.raw(f"[{start}" + f'{{"nodeid":{2 * depth},"leaf":2}}' + "]}" * depth + "]")

    def saved(self) -> tuple[str, Any]:
        """Children anywhere, so that many trees have a cycle, of which the original's node dies."""
        size = self.chance.choice((1, 3, 7, 31))
        children = [
            self.chance.choice((-1, self.chance.randrange(size), self.chance.randrange(-2, size + 2)))
            for _ in range(2 * size)
        ]
        tree = {
            "left_children": children[:size], "right_children": children[size:], "split_indices": [0] * size,
            "split_conditions": [0.5] * size, "default_left": [1] * size, "base_weights": [0.5] * size,
        }  # fmt: skip
        learner = {
            "feature_names": ["price"], "feature_types": ["float"], "objective": {"name": "rank:ndcg"},
            "gradient_booster": {"name": "gbtree", "model": {"trees": [tree]}},
        }  # fmt: skip
        return "model/xgboost+json+raw", {"learner": learner}

    def ranklib(self) -> tuple[str, Any]:
        stump = "<split><output>1.5</output></split>"
        split = f"<split><feature>2</feature><threshold>1</threshold>{stump}{stump}</split>"
        text = self.chance.choice((
            f'## LambdaMART\n<ensemble><tree id="1" weight="0.1">{split}</tree></ensemble>',
            "## Coordinate Ascent\n1:0.5 2:1e308",
            "## RankBoost\n1:0.5:2",
            '## MART\n<ensemble><tree weight="1">' + "<split><feature>1</feature><threshold>1</threshold>" * 3000,
            '## Random Forests\n<ensemble><tree weight="1' + "9" * 500 + f'">{stump}</tree></ensemble>',
        ))  # fmt: skip
        for _ in range(self.chance.choice((0, 1, 3))):
            at = self.chance.randrange(len(text))
            text = (
                text[:at]
                + self.chance.choice(("<", ">", "", "\n", "#", ":", "0", "&e;", "<!--", "\u0000"))
                + text[at + 1 :]
            )
        return "model/ranklib", text

    def linear(self) -> tuple[str, Any]:
        return "model/linear", self.chance.choice(
            ({"price": 1.5}, {"none": 1}, '{"price":', {"price": 1e39}, "x" * 9000, [])
        )

    def unheard(self) -> tuple[str, Any]:
        return self.chance.choice(("model/ranknet", "", "model/xgboost", "script_feature")), {"a": 1}


KINDS: tuple[Callable[[Attacks], Attack], ...] = (
    *[Attacks.create_model, Attacks.search] * 3,
    *[Attacks.put_set] * 2,
    *(Attacks.put_feature, Attacks.add_features, Attacks.put_model, Attacks.odd_path, Attacks.noise),
)
DEFINITIONS: tuple[Callable[[Attacks], tuple[str, Any]], ...] = (
    *[Attacks.dump, Attacks.saved] * 2,
    *(Attacks.deep_dump, Attacks.ranklib, Attacks.linear, Attacks.unheard),
)
