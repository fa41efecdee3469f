"""Spoken orders against the same orders typed, clean and in noise, and the seconds until the answer.

    ltr node start && python -m benchmarks.run.voice DATA

The menu has a product for each drink, size and roast of the orders, such as `small dark roast americano`. It is
relevant for an order of its drink: grade 1, and one more for each of size and roast that the order names and the
product has. An order is typed as the words of its slots, and spoken as its recording, by many speakers. Both are
searches of the service (`/v1/search`), by words and vectors of text, without a ranker.

White noise is added at a ratio of the powers of the whole recording and of the noise, of which pauses are a good part.
Words are recognized in this process without a limit of time, so that a busy machine does not change what is found, and
then searched. Seconds are measured on the clean recordings: from sending one to its result page, one request at a time,
with @@ the recognizer were chosen on clips of these two sets.
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
import numpy.typing as npt
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
from ltr_plugin.speech.models import BUNDLED
from ltr_plugin.speech.recognizer import Recognizer

INDEX = "voice-menu"
RATIOS_DB = (20, 10, 5, 0)
SLOTS = ("size", "numberOfShots", "roast", "coffeeDrink", "milkAmount", "sugarAmount")
"""The slots of an order as one types them."""

NDCG = MEASURES.index("nDCG@10")

Order = Mapping[str, Any]
Values = npt.NDArray[np.float64]


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
    audios = [open_audio(voice, one["file"]) for one in orders]
    recognizer = Recognizer.load(BUNDLED)
    texts = {"typed": [typed_text(one) for one in orders], "clean": [recognizer.transcribe(one).text for one in audios]}
    for ratio in RATIOS_DB:
        texts[f"{ratio} dB"] = [recognizer.transcribe(noisy(one, ratio)).text for one in audios]
    sounds = words_of_sounds(recognizer, arguments.data / "sounds")
    with service(INDEX, arguments.data):
        wait_until_heard()
        answers = {way: [search(text) if text else {"hits": []} for text in said] for way, said in texts.items()}
        began_load = os.getloadavg()[0]
        spoken = [timed(wav(one)) for one in audios]
    values = {way: values_of(found, orders, qrels) for way, found in answers.items()}
    report = {
        "command": command_line(),
        "cores": os.cpu_count(),
        "load": round(began_load, 1),
        "orders": len(orders),
        "products": len(menu),
        "ways": [row(way, said, values[way], values["typed"], orders) for way, said in texts.items()],
        "seconds": seconds_of(spoken),
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


def post(path: str, fields: Mapping[str, str], speech: bytes | None = None) -> dict[str, Any]:
    """The answer of the service."""
    files = {"speech": ("order.wav", speech)} if speech else {}
    answer = urllib3.request("POST", f"http://127.0.0.1:{PORT}/v1/{path}", fields={**fields, **files}, timeout=60)
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {answer.data!r}")
    decoded: dict[str, Any] = answer.json()
    return decoded


def search(text: str) -> dict[str, Any]:
    """The result page of a text."""
    return post("search", {"text": text, "size": "100"})


def timed(speech: bytes) -> tuple[float, bool]:
    """The seconds until the result page of a recording, and whether its words were there in time."""
    began = time.perf_counter()
    answer = post("search", {"size": "24"}, speech)
    return time.perf_counter() - began, not answer.get("degraded")


def wait_until_heard() -> None:
    """Returns when the model of speech is loaded."""
    second = wav(Audio(np.zeros(16_000, np.float32), 16_000))
    for _ in range(600):
        if not post("transcribe", {}, second)["degraded"]:
            return
        time.sleep(0.1)


def words_of_sounds(recognizer: Recognizer, folder: Path) -> dict[str, Any]:
    """How many clips without speech there are, and those that have words, by label."""
    clips = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    heard = [(one["label"], recognizer.transcribe(open_audio(folder, one["file"])).text) for one in clips]
    return {"clips": len(clips), "with_words": [list(one) for one in heard if one[1]]}


def values_of(answers: Sequence[Mapping[str, Any]], orders: Sequence[Order], qrels: Qrels) -> Values:
    """(orders, 1) nDCG@10, in the order of `qrels`."""
    run: Run = {
        one["file"]: [(hit["id"], hit["score"]) for hit in answer["hits"]]
        for one, answer in zip(orders, answers, strict=True)
    }
    return per_query(run, qrels)[:, [NDCG]]


def row(way: str, texts: Sequence[str], values: Values, typed: Values, orders: Sequence[Order]) -> dict[str, Any]:
    """The results of a way, and its difference from typed words."""
    low, high = bootstrap_intervals(values - typed)
    drinks = [one["slots"]["coffeeDrink"] for one in orders]
    return {
        "way": way,
        "ndcg": round(float(values.mean()), 3),
        "difference": round(float((values - typed).mean()), 3),
        "low": round(float(low[0]), 3),
        "high": round(float(high[0]), 3),
        "drink_heard": sum(drink in text.lower() for drink, text in zip(drinks, texts, strict=True)),
        "without_words": sum(not text for text in texts),
    }


def seconds_of(spoken: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Seconds until the result page, and how many recordings were not heard in time."""
    seconds = [one for one, _ in spoken]
    return {
        "median": round(float(np.median(seconds)), 3),
        "p95": round(float(np.percentile(seconds, 95)), 3),
        "not_in_time": sum(not heard for _, heard in spoken),
    }


def page(report: Mapping[str, Any]) -> str:
    """The results as Markdown."""
    seconds, sounds = report["seconds"], report["sounds"]
    words = ", ".join(f"{text!r} ({label})" for label, text in sounds["with_words"]) or "none"
    lines = [
        "# Voice: spoken orders against typed ones",
        "",
        f"    ltr node start && {report['command']}",
        "",
        f"{report['orders']} orders on a menu of {report['products']} products; white noise at a ratio of powers.",
        "The difference is that from typed words, with its 95 % interval (bootstrap over the orders).",
        "",
    ]
    head = ["order", "nDCG@10", "difference", "drink heard", "no words"]
    lines += [markdown_row(head), markdown_row(["---"] * len(head))]
    for one in report["ways"]:
        difference = f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
        cells = [difference, one["drink_heard"], one["without_words"]] if one["way"] != "typed" else ["", "", ""]
        lines.append(markdown_row([one["way"], f"{one['ndcg']:.3f}", *cells]))
    lines += [
        "",
        f"From sending a recording to its result page: median {seconds['median']:.2f} s, p95 {seconds['p95']:.2f} s on",
        f"{report['cores']} cores, load {report['load']}; {seconds['not_in_time']} came too late.",
        "",
        f"Clips of sounds without speech: {sounds['clips']}, of which {len(sounds['with_words'])} have words: {words}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
