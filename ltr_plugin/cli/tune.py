"""`ltr tune`: a ranker's settings by search, and what the search is worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.output import AsJson, print_result
from ltr_plugin.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.rankers.tuning import TuningResult


def tune(
    kind: Annotated[str, typer.Argument(help="lambdamart, xgboost, fusion, mlp, late, linear, logistic or svm.")],
    table: Annotated[Path, typer.Argument(help="A feature table, from `ltr features log`.")],
    minutes: Annotated[float, typer.Option(help="How long to search, earlier runs for the same folder included.")],
    out: Annotated[Path, typer.Option(help="The folder of the search; the ranker goes into `ranker` in it.")],
    folds: Annotated[int, typer.Option(help="Parts of the queries, each ranked without having been searched on.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of folds and of the search.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Search a ranker's settings, tell what that gains on queries that were not searched on, and train the ranker.

    Ctrl-C keeps what was tried: the same command goes on, and with more minutes it searches further.
    """
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.rankers.tuning import finish_search, run_search

    rows = FeatureTable.read(table)
    with progress_bar("searching (seconds)") as progress:
        found = run_search(rows, kind, out, minutes=minutes, folds=folds, seed=seed, progress=progress)
    with progress_bar("training with what was found") as progress:
        tuned = finish_search(found, progress=progress)
    tuned.save(out)
    print_result(tuned.to_json(), _describe_tuning(tuned, out), as_json=as_json)


def _describe_tuning(tuned: "TuningResult", out: Path) -> str:
    from ltr_plugin.evaluation.comparison import ALL_QUERIES
    from ltr_plugin.rankers.tuning import DEFAULT, RANKER_FOLDER, TUNED

    before, after = (tuned.nested.of(ALL_QUERIES, name, "nDCG@10") for name in (DEFAULT, TUNED))
    luck = "" if after.significant else ", which may be luck"
    return "\n".join(
        [
            f"{out / RANKER_FOLDER}: {tuned.ranker.kind} ranker, the best of {tuned.trials} settings tried",
            *(
                f"  {name}: {value if isinstance(value, str) else f'{value:.4g}'}"
                for name, value in tuned.settings.items()
            ),
            f"nDCG@10 of {tuned.nested.slices[ALL_QUERIES]} queries, each left out of the search that it measures:",
            f"  {TUNED} {after.mean:.3f} [{after.low:.3f}, {after.high:.3f}]",
            f"  {DEFAULT} {before.mean:.3f} [{before.low:.3f}, {before.high:.3f}]",
            f"  difference {after.difference:+.3f} (p {after.p:.3f}){luck}",
        ]
    )
