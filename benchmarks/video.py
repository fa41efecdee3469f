"""Photos, films, words, motion and sound tracks against the films of seven objects, filmed by hand.

    python benchmarks/video.py ../shared/data/video

Each object has one film. Its first 60 % are the product's: a film, one photo (the frame in its middle), its name. The
rest asks: stills of it, and films of a fifth each. An encoder of photos and words is trained from nothing on stills of
the first parts, unless one is given; beside it is the same network with random weights.
"""

import argparse
import io
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import ir_measures
import numpy as np
from ir_measures import RR, P, Success

from ltr_plugin.catalog.product import Modality
from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.encoders import Encoder, load_encoder
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.small_clip import build_model, save_encoder, small_config
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.errors import MediaError
from ltr_plugin.media.video import Video, decode_video
from ltr_plugin.settings import Settings

RESULTS = Path(__file__).parent / "results"
PRODUCT, PIECES, ASKING = 0.6, 3, 2
"""The share of a film that is the product's; in how many pieces stills for training are taken from it; and in how many
films the rest asks."""

MEASURES = {"P@1": P @ 1, "hit@3": Success @ 3, "MRR": RR}

CAVEAT = """Each object has one film: its first 60 % are the product's, the rest asks. Both are of one take, in one
light, so a network with random weights tells most of them apart already; and seven objects are few."""


@dataclass(frozen=True)
class Filmed:
    """An object: the product's film, stills for training, and what asks for it."""

    name: str
    product: Video
    stills: Sequence
    photos: Sequence
    videos: Sequence[Video]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--image-encoder", help="such as open_clip:ViT-B-32/laion2b_s34b_b79k; trained here by default")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to train")
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--motion-encoder", help="such as torchvision:r2plus1d_18/KINETICS400_V1")
    parser.add_argument("--sound-encoder", default="spectral:log-mel")
    given = parser.parse_args()
    out = Settings.from_env().runs / "video"
    out.mkdir(parents=True, exist_ok=True)

    began = time.perf_counter()
    objects = [filmed(path) for path in sorted(given.data.iterdir()) if path.suffix in (".webm", ".mp4")]
    decoding_s = time.perf_counter() - began
    specs = {"given": given.image_encoder} if given.image_encoder else {}
    if not specs:
        specs = {"trained": trained(objects, out, given), "random weights": untrained(out, given.image_size)}

    rows = []
    for label, spec in specs.items():
        encoder = load_encoder(spec)
        videos = encoded(encoder, "video", [one.product for one in objects])
        middles = [one.product.frames[len(one.product.frames) // 2] for one in objects]
        words = [one.name.replace("-", " ") for one in objects]
        rows += [
            row("photo to film", label, asked(encoder, "image", [one.photos for one in objects]), videos),
            row("film to photo", label, asked(encoder, "video", [one.videos for one in objects]),
                encoded(encoder, "image", middles)),
            row("film to film", label, asked(encoder, "video", [one.videos for one in objects]), videos),
            row("words to film", label, asked(encoder, "text", [[word] for word in words]), videos),
        ]  # fmt: skip
    others = {"motion to motion": given.motion_encoder, "sound track to sound track": given.sound_encoder}
    for task, spec in others.items():
        if spec:
            encoder = load_encoder(spec)
            videos = encoded(encoder, "video", [one.product for one in objects])
            rows.append(row(task, spec, asked(encoder, "video", [one.videos for one in objects]), videos))
    rows.append(by_chance(len(objects)))
    write(rows, len(objects), decoding_s, given)


def filmed(path: Path) -> Filmed:
    data = path.read_bytes()
    seconds = decode_video(data).seconds
    end = PRODUCT * seconds
    pieces = [decode_video(cut(data, end * place / PIECES, end * (place + 1) / PIECES)) for place in range(PIECES)]
    rest = [end + (seconds - end) * place / ASKING for place in range(ASKING + 1)]
    return Filmed(
        name=path.stem,
        product=decode_video(cut(data, 0, end)),
        stills=[frame for piece in pieces for frame in piece.frames],
        photos=decode_video(cut(data, end, seconds)).frames,
        videos=[decode_video(cut(data, *span)) for span in pairwise(rest)],
    )


def cut(data: bytes, begin_s: float, end_s: float) -> bytes:
    """The film between two moments, packed anew with little loss, with its sound."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(buffer, "w", format="matroska") as target:
        pictures = source.streams.video[0]
        audio = source.streams.audio[0] if source.streams.audio else None
        shown = target.add_stream("mjpeg", rate=pictures.average_rate, options={"qmin": "2", "qmax": "3"})
        shown.width, shown.height, shown.pix_fmt = pictures.width, pictures.height, "yuvj420p"
        shown.time_base = Fraction(1, 1000)
        heard = audio and target.add_stream("pcm_s16le", rate=audio.rate, layout=audio.layout.name)
        for frame in source.decode(pictures, *([audio] if audio else [])):
            if not begin_s <= frame.time < end_s:
                continue
            if isinstance(frame, av.VideoFrame):
                frame.pts, frame.time_base = round(1000 * (frame.time - begin_s)), shown.time_base
                target.mux(shown.encode(frame.reformat(format="yuvj420p")))
            else:
                frame.pts = None
                target.mux(heard.encode(frame))
        for stream in filter(None, (shown, heard)):
            target.mux(stream.encode())
    return buffer.getvalue()


def trained(objects: Sequence[Filmed], out: Path, given: argparse.Namespace) -> str:
    lines = []
    for one in objects:
        for place, still in enumerate(one.stills):
            still.save(out / f"{one.name}-{place}.jpg", quality=92)
        images = [f"{one.name}-{place}.jpg" for place in range(len(one.stills))]
        lines.append(json.dumps({"id": one.name, "title": one.name.replace("-", " "), "images": images}))
    (out / "catalog.jsonl").write_text("\n".join(lines))
    with progress_bar("training") as progress:
        TRAINERS["photo"](
            out / "catalog.jsonl", out / "encoder", budget=Budget(minutes=given.minutes), progress=progress,
            image_size=given.image_size,
        )  # fmt: skip
    return f"open_clip:{out / 'encoder'}"


def untrained(out: Path, image_size: int) -> str:
    import torch

    torch.manual_seed(0)
    config = small_config(image_size)
    save_encoder(out / "random", build_model(config), config, {"name": "random"})
    return f"open_clip:{out / 'random'}"


def asked(encoder: Encoder, source: Modality, of_objects: Sequence[Sequence]) -> Mapping[int, np.ndarray]:
    """The vectors of what asks for each object."""
    found = {}
    for place, items in enumerate(of_objects):
        vectors = encoded(encoder, source, items)
        if vectors:
            found[place] = np.stack(list(vectors.values()))
    return found


def encoded(encoder: Encoder, source: Modality, items: Sequence) -> Mapping[int, np.ndarray]:
    """The items' vectors by their place; those that the encoder finds nothing in, such as a film's sound, are left."""
    prepared = {}
    for place, item in enumerate(items):
        try:
            prepared[place] = encoder.prepare(source, item)
        except MediaError:
            continue
    return dict(zip(prepared, encoder.encode(source, list(prepared.values())), strict=True))


def row(task: str, encoder: str, asking: Mapping[int, np.ndarray], found: Mapping[int, np.ndarray]) -> dict:
    qrels, run = {}, {}
    for right, vectors in asking.items():
        if right in found:
            for number, vector in enumerate(vectors):
                qrels[f"{right}-{number}"] = {str(right): 1}
                run[f"{right}-{number}"] = {str(place): float(vector @ other) for place, other in found.items()}
    values = ir_measures.calc_aggregate(MEASURES.values(), qrels, run)
    measured = {name: round(values[measure], 3) for name, measure in MEASURES.items()}
    return {"task": task, "encoder": encoder, "queries": len(run), "objects": len(found), **measured}


def by_chance(objects: int) -> dict:
    mrr = sum(1 / rank for rank in range(1, objects + 1)) / objects
    measured = {"P@1": round(1 / objects, 3), "hit@3": round(3 / objects, 3), "MRR": round(mrr, 3)}
    return {"task": "any", "encoder": "by chance", "queries": 0, "objects": objects, **measured}


def write(rows: Sequence[dict], objects: int, decoding_s: float, given: argparse.Namespace) -> None:
    settings = {name: str(value) for name, value in vars(given).items() if name != "data" and value is not None}
    report = {"objects": objects, "settings": settings, "decoding_s": round(decoding_s, 1), "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "video.json").write_text(json.dumps(report, indent=1) + "\n")
    head = ("task", "encoder", "queries", "objects", *MEASURES)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(one[name]) for name in head) + " |" for one in rows]
    text = "\n".join(["# Films of objects", "", "    python benchmarks/video.py DATA", "", CAVEAT, "", *lines, ""])
    (RESULTS / "video.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
