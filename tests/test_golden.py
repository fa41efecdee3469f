"""What others read stays as it is: wire forms and trained rankers, compared with the files in `tests/golden/`.

When a form changes on purpose, `pytest tests/test_golden.py --rewrite-golden` writes it anew; look at the difference.
"""

import inspect
import json
from pathlib import Path

import pytest
from golden.wire_forms import FORMS, RANKERS, ranker_scores
from ltr_workers.catalog_tasks import delete_task, put_task, reembed_task, update_task
from ltr_workers.celery import app
from ltr_workers.tasks import embed_task, sweep_task

from ltr_plugin.broker.messages import CATALOG_QUEUE, QUEUES
from ltr_plugin.rankers.card import read_card
from ltr_plugin.rankers.registry import KINDS
from ltr_plugin.resources import resource_dir

GOLDEN = Path(__file__).parent / "golden"
TASKS = (put_task, update_task, delete_task, reembed_task, embed_task, sweep_task)


@pytest.fixture
def rewritten(request):
    """Writes a file anew where that is asked for."""

    def rewrite(name, value):
        if request.config.getoption("--rewrite-golden"):
            (GOLDEN / f"{name}.json").write_text(text_of(value))

    return rewrite


@pytest.mark.parametrize("name", FORMS)
def test_a_wire_form_stays_to_the_last_digit(name, rewritten):
    value = FORMS[name]()
    rewritten(name, value)
    assert text_of(value) == (GOLDEN / f"{name}.json").read_text()


def test_rankers_predict_alike(rewritten):
    scores = ranker_scores()
    rewritten("ranker_scores", scores)
    for name, expected in read("ranker_scores").items():
        assert scores.pop(name) == pytest.approx(expected, rel=1e-6), name  # sums differ by processor
    assert not scores


def test_every_kind_of_ranker_has_a_folder():
    assert {read_card(path).kind for path in RANKERS.iterdir()} == set(KINDS)


def test_every_shipped_feature_set_has_a_file():
    names = {path.stem for path in resource_dir("feature_sets").glob("*.yaml")}
    assert {name.removeprefix("feature_set_") for name in FORMS if name.startswith("feature_set_")} == names


def test_workers_take_the_messages():
    messages = [*read("catalog_messages").values(), *read("embedding_messages").values()]
    _, headers, body, *whole = read("documented_messages")
    tasks = [(message["queue"], message["headers"]["task"], message["body"]) for message in messages]
    tasks.append((CATALOG_QUEUE, headers["task"], body))
    for message in whole:
        queue = message["properties"]["delivery_info"]["routing_key"]
        tasks.append((queue, message["headers"]["task"], json.loads(message["body"])))
    for queue, name, (args, kwargs, _) in tasks:
        assert queue in (*QUEUES, CATALOG_QUEUE)
        inspect.signature(app.tasks[name].run).bind(*args, **kwargs)
    assert {name for _, name, _ in tasks} == {task.name for task in TASKS}


def text_of(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def read(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())
