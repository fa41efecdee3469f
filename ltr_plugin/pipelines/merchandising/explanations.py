"""Why a product is where it is, by the trained ranker behind the model that ranks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.errors import LtrError
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.explain import Explanation, explain
from ltr_plugin.queries.query import Query
from ltr_plugin.rankers.card import CARD_FILE, read_card
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.ranker import Ranker, model_name


class RankerFolder:
    """A folder with the folders of trained rankers. Each is loaded when a model of its kind is looked for first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[tuple[Path, float], tuple[str, Ranker] | None] = {}
        self._lock = Lock()

    def find(self, model: str) -> Ranker | None:
        """The ranker whose model in the cluster has this name; None where the folder does not have it.

        Folders that hold no ranker, or a damaged one, are passed over.
        """
        with self._lock:
            for card in sorted(self.folder.glob(f"*/{CARD_FILE}")):
                name, ranker = self._ranker_in(card, model) or ("", None)
                if name == model:
                    return ranker
        return None

    def _ranker_in(self, card: Path, model: str) -> tuple[str, Ranker] | None:
        """The ranker beside a card with the name of its model; None for one of another kind than the model's."""
        key = card, card.stat().st_mtime
        if key not in self._loaded:
            try:
                stated = read_card(card.parent)
                if not model.startswith(f"{stated.feature_set.id}.{stated.kind}."):  # few are loaded in vain
                    return None
                ranker = load_ranker(card.parent)
                self._loaded[key] = model_name(ranker), ranker
            except LtrError:
                self._loaded[key] = None
        return self._loaded[key]


def explain_encoded(
    index: Index, ranker: Ranker, params: Mapping[str, Json], products: Sequence[str], *, language: str | None = None
) -> list[Explanation]:
    """The explanations of these products for a query by its search parameters; errors as of `explain`."""
    # its parameters say what was asked, so that its text is only what a query cannot be without
    query = Query(id="query", text=str(params.get("text") or "query"), language=language)
    return explain(index, ranker, EncodedQuery(query, params), products)
