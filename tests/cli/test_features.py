"""`ltr features check` and `init`, which need no cluster."""

import json

import yaml
from ltr_command import FEATURES
from ltr_command import ltr_here as ltr


def test_mistakes_of_a_feature_set_are_listed_with_exit_code_2(tmp_path):
    first, second = FEATURES["features"]
    wrong = {**FEATURES, "features": [{**first, "kind": "mach"}, {**second, "filed": 1}]}
    (tmp_path / "set.yaml").write_text(yaml.safe_dump(wrong))
    code, _, err = ltr("features", "check", tmp_path / "set.yaml")
    assert code == 2
    assert "2 problems" in err
    assert "$.features[0].kind" in err
    assert "unknown kind 'mach'" in err
    assert "$.features[1].filed" in err


def test_a_shipped_set_is_found_by_name_and_a_file_of_that_name_wins(tmp_path):
    code, out, _ = ltr("features", "check", "shop", "--json", cwd=tmp_path)
    assert code == 0
    assert json.loads(out)["feature_set"].startswith("shop-v")
    (tmp_path / "shop").write_text(yaml.safe_dump(FEATURES))
    assert json.loads(ltr("features", "check", "shop", "--json", cwd=tmp_path)[1])["features"] == ["title", "price"]
    code, _, err = ltr("features", "check", "shoq", cwd=tmp_path)
    assert code == 2
    assert "media, shop" in err


def test_a_shipped_set_is_copied_once_to_be_edited(tmp_path):
    code, out, _ = ltr("features", "init", "--from", "media", cwd=tmp_path)
    assert code == 0
    assert "media.yaml" in out
    assert ltr("features", "check", "media.yaml", cwd=tmp_path)[0] == 0
    code, _, err = ltr("features", "init", "--from", "media", cwd=tmp_path)
    assert code == 2
    assert "media.yaml exists already" in err
