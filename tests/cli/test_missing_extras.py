"""A library that is not installed is one sentence with the command that installs it, whichever verb needs it."""

import sys

import pytest

from ltr_plugin.cli import main


@pytest.mark.parametrize(
    ("module", "extra", "words"),
    [
        ("torch", "rankers", ["train", "fusion", "TABLE", "--out", "OUT"]),
        ("xgboost", "rankers", ["train", "xgboost", "TABLE", "--out", "OUT"]),
        ("optuna", "rankers", ["tune", "linear", "TABLE", "--minutes", "1", "--out", "OUT"]),
        ("open_clip", "encoders", ["encoder", "fingerprint", "open_clip:OUT"]),
        ("onnx", "onnx", ["encoder", "export", "sentence-transformers:OUT", "--out", "OUT"]),
        ("redis", "queue", ["worker"]),
        ("prometheus_client", "workers", ["demo"]),
    ],
)
def test_one_sentence_with_the_command(monkeypatch, capsys, table, tmp_path, module, extra, words):
    places = {"TABLE": str(table), "OUT": str(tmp_path / "out"), "open_clip:OUT": f"open_clip:{tmp_path}"}
    monkeypatch.setenv("LTR_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LTR_BROKER_URL", "redis://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "argv", ["ltr", *(places.get(word, word) for word in words)])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 1
    assert f"the module {module}, which is not installed; pip install 'ltr-plugin[{extra}]'" in said
