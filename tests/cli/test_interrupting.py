"""What Ctrl-C leaves, as each verb says it."""

import sys

import pytest

from ltr_plugin.cli import main

TRAINING = "ltr_plugin.encoders.training.training_run.TrainingRun.__init__"


@pytest.mark.parametrize(
    ("words", "within", "said"),
    [
        (["encoder", "align", "c.jsonl", "--out", "e"], TRAINING, "nothing was kept; start again"),
        (["encoder", "finetune", "c.jsonl", "--out", "e"], TRAINING, "nothing was kept; start again"),
        (["encoder", "train", "c.jsonl", "--out", "e", "--kind", "text"], TRAINING, "nothing was kept; start again"),
        (
            ["encoder", "align", "c.jsonl", "--out", "e", "--resume"],
            TRAINING,
            "e is as it was; the same command continues it",
        ),
        (["encoder", "fingerprint", "spectral:mfcc"], "ltr_plugin.encoders.load_encoder", None),
        (["index", "list"], "ltr_plugin.cluster.connecting.connect", None),
        (["doctor"], "ltr_plugin.pipelines.doctor.run_checks", None),
        (
            ["index", "embed", "shop"],
            "ltr_plugin.cluster.connecting.connect",
            "the same command continues where it stopped",
        ),
        (
            ["tune", "linear", "t.parquet", "--minutes", "1", "--out", "r"],
            "ltr_plugin.features.table.FeatureTable.read",
            "the same command continues where it stopped",
        ),
    ],
)
def test_only_a_verb_that_goes_on_says_so(monkeypatch, capsys, tmp_path, words, within, said):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(within, interrupt)
    monkeypatch.setattr(sys, "argv", ["ltr", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "ltr: interrupted" + (f"; {said}" if said else "")
