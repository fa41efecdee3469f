"""Spoken orders against the same orders typed, clean and in noise, and the seconds until the answer.

    ltr node start && python -m benchmarks.run.voice DATA

The menu has a product for each drink, size and roast of the orders, such as `small dark roast americano`. It is
relevant for an order of its drink: grade 1, and one more for each of size and roast that the order names and the
product has. An order is typed as the words of its slots, and spoken as its recording, by many speakers. Both are
searches of the service (`/v1/search`), by words and vectors of text, without a ranker.

White noise is added at a ratio of the powers of the whole recording and of the noise, of which pauses are a good part.
Seconds are those from sending a recording until its result page, one request at a time, with the service, its models
and the cluster on the cores of this machine. Sounds without speech show how often words are heard where there are none;
the limits of the recognizer were chosen on clips of these two sets.
"""

import io
import json
import os
import time
import wave
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import urllib3

from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from benchmarks.run.serve import PORT, made, service
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.evaluation.significance import bootstrap_intervals
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.media.audio import Audio, open_audio
from ltr_plugin.settings import Settings

INDEX = "voice-menu"
RATIOS_DB = (20, 10, 5, 0)
SLOTS = ("size", "numberOfShots", "roast", "coffeeDrink", "milkAmount", "sugarAmount")
"""The slots of an order as one types them."""

NDCG = MEASURES.index("nDCG@10")

Order = Mapping[str, Any]


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder with the folders voice and sounds.")
    parser.add_argument("--orders", type=int, help="Only this many orders.")
    arguments = parser.parse_args()
    settings = Settings.from_env()
    voice = arguments.data / "voice"
    orders = [json.loads(line) for line in (voice / "orders.jsonl").read_text().splitlines()]
    catalog = settings.runs / "voice" / "catalog.jsonl"
    catalog.parent.mkdir(parents=True, exist_ok=True)
    menu = write_menu(catalog, orders)
    orders = orders[:: max(1, len(orders) // (arguments.orders or len(orders)))]
    made(connect(settings=settings), settings, INDEX, catalog, text=DEFAULT_TEXT_ENCODER)
    qrels = Qrels({one["file"]: grades(one, menu) for one in orders})
    audios = {one["file"]: open_audio(voice, one["file"]) for one in orders}
    with service(INDEX, arguments.data):
        wait_until_heard()
        typed = [search({"text": typed_text(one)}) for one in orders]
        ways = {"typed": typed, "clean": [search({}, wav(audios[one["file"]])) for one in orders]}
        for ratio in RATIOS_DB:
            ways[f"{ratio} dB"] = [search({}, wav(noisy(audios[one["file"]], ratio))) for one in orders]
        sounds = words_of_sounds(arguments.data / "sounds")
    values = {way: values_of(answers, orders, qrels) for way, answers in ways.items()}
    report = {
        "command": command_line(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "orders": len(orders),
        "products": len(menu),
        "ways": [row(way, ways[way], values[way], values["typed"], orders) for way in ways],
        "sounds": sounds,
    }
    write_result(arguments.out, "voice", report, page(report))


def write_menu(path: Path, orders: Sequence[Order]) -> dict[str, dict[str, str]]:
    """Writes the catalog of the menu; its products' slots by id."""
    named = {slot: sorted({one["slots"][slot] for one in orders if slot in one["slots"]}) for slot in SLOTS}
    menu = {
        " ".join((size, roast, drink)).replace(" ", "-"): {"size": size, "roast": roast, "coffeeDrink": drink}
        for size, roast, drink in product(named["size"], named["roast"], named["coffeeDrink"])
    }
    lines = (json.dumps({"id": id_, "title": " ".join(slots.values())}) for id_, slots in menu.items())
    path.write_text("".join(f"{line}\n" for line in lines))
    return menu


def grades(order: Order, menu: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """The grade of each product of the order's drink."""
    slots = order["slots"]
    return {
        id_: 1 + sum(slots.get(slot) == one[slot] for slot in ("size", "roast"))
        for id_, one in menu.items()
        if one["coffeeDrink"] == slots["coffeeDrink"]
    }


def typed_text(order: Order) -> str:
    """The order as words."""
    return " ".join(order["slots"][slot].strip() for slot in SLOTS if slot in order["slots"])


def noisy(audio: Audio, ratio_db: float) -> Audio:
    """The recording with white noise of this ratio of powers."""
    noise = np.random.default_rng(7).normal(size=len(audio.samples))
    noise *= np.sqrt(np.mean(audio.samples**2) / 10 ** (ratio_db / 10))
    mixed = audio.samples + noise
    return Audio((mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32), audio.rate)


def wav(audio: Audio) -> bytes:
    """A WAV file of 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, audio.rate, 0, "NONE", ""))
        file.writeframes((audio.samples * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


def post(path: str, fields: Mapping[str, str], speech: bytes | None) -> dict[str, Any]:
    """The answer of the service."""
    files = {"speech": ("order.wav", speech)} if speech else {}
    answer = urllib3.request("POST", f"http://127.0.0.1:{PORT}/v1/{path}", fields={**fields, **files}, timeout=60)
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {answer.data!r}")
    decoded: dict[str, Any] = answer.json()
    return decoded


def search(fields: Mapping[str, str], speech: bytes | None = None) -> dict[str, Any]:
    """A result page, and in `seconds` how long it took."""
    began = time.perf_counter()
    answer = post("search", {**fields, "size": "100"}, speech)
    return {**answer, "seconds": time.perf_counter() - began}


def wait_until_heard() -> None:
    """Returns when the model of speech is loaded."""
    second = wav(Audio(np.zeros(16_000, np.float32), 16_000))
    for _ in range(600):
        if not post("transcribe", {}, second)["degraded"]:
            return
        time.sleep(0.1)


def words_of_sounds(folder: Path) -> dict[str, Any]:
    """How many clips without speech have words, and which these are."""
    clips = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    heard = [(one["label"], post("transcribe", {}, (folder / one["file"]).read_bytes())["text"]) for one in clips]
    return {"clips": len(clips), "with_words": [list(one) for one in heard if one[1]]}


def values_of(answers: Sequence[Mapping[str, Any]], orders: Sequence[Order], qrels: Qrels) -> np.ndarray[Any, Any]:
    """(orders, 1) nDCG@10, in the order of `qrels`."""
    run: Run = {
        one["file"]: [(hit["id"], hit["score"]) for hit in answer["hits"]]
        for one, answer in zip(orders, answers, strict=True)
    }
    return per_query(run, qrels)[:, [NDCG]]


def row(
    way: str,
    answers: Sequence[Mapping[str, Any]],
    values: np.ndarray[Any, Any],
    typed: np.ndarray[Any, Any],
    orders: Sequence[Order],
) -> dict[str, Any]:
    """The results of a way, and its difference from typed words."""
    low, high = bootstrap_intervals(values - typed)
    seconds = [answer["seconds"] for answer in answers]
    heard = [
        one["slots"]["coffeeDrink"] in answer.get("transcript", "").lower()
        for one, answer in zip(orders, answers, strict=True)
    ]
    return {
        "way": way,
        "ndcg": round(float(values.mean()), 3),
        "difference": round(float((values - typed).mean()), 3),
        "low": round(float(low[0]), 3),
        "high": round(float(high[0]), 3),
        "drink_heard": None if way == "typed" else sum(heard),
        "without_words": None if way == "typed" else sum(not answer.get("transcript") for answer in answers),
        "degraded": sum(bool(answer.get("degraded")) for answer in answers),
        "median_s": round(float(np.median(seconds)), 3),
        "p95_s": round(float(np.percentile(seconds, 95)), 3),
    }


def page(report: Mapping[str, Any]) -> str:
    lines = [
        "# Voice: spoken orders against typed ones",
        "",
        f"    ltr node start && {report['command']}",
        "",
        f"{report['orders']} orders on a menu of {report['products']} products; white noise at a ratio of powers.",
        "The difference is that from typed words, with its 95 % interval (bootstrap over the orders). Seconds are",
        f"those until the result page on {report['cores']} cores, of a machine with a load of {report['load']}.",
        "",
    ]
    head = ["order", "nDCG@10", "difference", "drink heard", "no words", "not in time", "median, s", "p95, s"]
    lines += [markdown_row(head), markdown_row(["---"] * len(head))]
    for one in report["ways"]:
        spoken = one["drink_heard"] is not None
        lines.append(
            markdown_row(
                [
                    one["way"],
                    f"{one['ndcg']:.3f}",
                    f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]" if spoken else "",
                    one["drink_heard"] if spoken else "",
                    one["without_words"] if spoken else "",
                    one["degraded"],
                    f"{one['median_s']:.2f}",
                    f"{one['p95_s']:.2f}",
                ]
            )
        )
    sounds = report["sounds"]
    words = ", ".join(f"{text!r} ({label})" for label, text in sounds["with_words"]) or "none"
    lines += [
        "",
        f"Of {sounds['clips']} clips of sounds without speech, {len(sounds['with_words'])} have words: {words}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
