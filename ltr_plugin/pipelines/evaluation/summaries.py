"""What is known of how rankers were trained: from their folders, or from what the cluster keeps of an upload."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltr_plugin.evaluation.ranker_summary import RankerSummary
from ltr_plugin.pipelines.search import AnyRanker
from ltr_plugin.queries.templates import Ranking
from ltr_plugin.rankers.card import RankerCard, read_card
from ltr_plugin.rankers.registry import KINDS

SUMMARY = "summary"
"""The key of a ranker's summary among its facts in the cluster."""


def summarize(card: RankerCard) -> RankerSummary:
    """The summary of a ranker with this card."""
    return RankerSummary(
        kind=card.kind,
        queries=card.queries,
        rows=card.rows,
        created=card.created,
        settings=card.settings,
        importance=card.importance,
        importance_of=KINDS[card.kind].importance if card.kind in KINDS else "",
    )


def ranker_summary(ranker: AnyRanker, facts: Mapping[str, Any]) -> RankerSummary | None:
    """The summary of a trained ranker: from its card if it is at hand, else from its `facts` in the cluster.

    None for a model that an earlier release uploaded.
    """
    if isinstance(ranker, str | Path) and Path(ranker).is_dir():
        return summarize(read_card(Path(ranker)))
    if isinstance(ranker, str | Path | Ranking):
        return RankerSummary.from_json(facts.get(SUMMARY))
    return summarize(ranker.card)
