"""Photos, clips, texts, motion and audio tracks as queries for videos of seven objects, filmed by hand.

    python -m benchmarks.run.video DATA/video

Each object has one video. Its first 60 % are the product: a video, one photo (the middle frame), and its name. The rest
are the queries: stills, and clips of a fifth each. Both are of one take, in one light, so a network with random weights
already tells most of them apart; and seven objects are few. An encoder of photos and text is trained from scratch on
stills of the first parts, unless one is given; the same network with random weights runs for comparison.
"""

import argparse
import contextlib
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

from benchmarks.lib.script import argument_parser, markdown_row, write_result
from ltr_plugin.catalog.product import Modality
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.encoders import Encoder, load_encoder
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.errors import MediaError
from ltr_plugin.media.video import Video, decode_video
from ltr_plugin.settings import Settings

PRODUCT, PIECES, QUERIES = 0.6, 3, 2
"""The share of a video that is the product; the pieces of it that training stills are taken from; the query clips."""

MEASURES = {"P@1": P @ 1, "hit@3": Success @ 3, "MRR": RR}


@dataclass(frozen=True)
class FilmedObject:
    """An object: the product's video, stills for training, and its queries."""

    name: str
    product: Video
    stills: Sequence
    photos: Sequence
    videos: Sequence[Video]


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder with a .webm or .mp4 file for each object.")
    parser.add_argument("--image-encoder", help="Such as open_clip:FOLDER; by default one is trained.")
    parser.add_argument("--minutes", type=float, default=5.0, help="Training time (%(default)g).")
    parser.add_argument("--image-size", type=int, default=96, help="Pixels of a side in training (%(default)s).")
    parser.add_argument("--motion-encoder", help="Such as torchvision:r2plus1d_18/KINETICS400_V1.")
    parser.add_argument("--audio-encoder", default="spectral:log-mel", help="Of audio tracks (%(default)s).")
    given = parser.parse_args()
    out = Settings.from_env().runs / "video"
    out.mkdir(parents=True, exist_ok=True)

    began = time.perf_counter()
    objects = [read_object(path) for path in sorted(given.data.iterdir()) if path.suffix in (".webm", ".mp4")]
    decoding_s = time.perf_counter() - began
    specs = {"given": given.image_encoder} if given.image_encoder else {}
    if not specs:
        specs = {"trained": train(objects, out, given), "random weights": untrained(out, given.image_size)}

    rows = []
    for label, spec in specs.items():
        encoder = load_encoder(spec)
        videos = encode(encoder, "video", [one.product for one in objects])
        middles = [one.product.frames[len(one.product.frames) // 2] for one in objects]
        names = [one.name.replace("-", " ") for one in objects]
        rows += [
            row("photo to video", label, query_vectors(encoder, "image", [one.photos for one in objects]), videos),
            row("video to photo", label, query_vectors(encoder, "video", [one.videos for one in objects]),
                encode(encoder, "image", middles)),
            row("video to video", label, query_vectors(encoder, "video", [one.videos for one in objects]), videos),
            row("text to video", label, query_vectors(encoder, "text", [[name] for name in names]), videos),
        ]  # fmt: skip
    others = {"motion to motion": given.motion_encoder, "audio track to audio track": given.audio_encoder}
    for task, spec in others.items():
        if spec:
            encoder = load_encoder(spec)
            videos = encode(encoder, "video", [one.product for one in objects])
            rows.append(row(task, spec, query_vectors(encoder, "video", [one.videos for one in objects]), videos))
    rows.append(random_order(len(objects)))
    settings = {
        name: str(value) for name, value in vars(given).items() if name not in ("data", "out") and value is not None
    }
    report = {"objects": len(objects), "settings": settings, "decoding_s": round(decoding_s, 1), "rows": rows}
    write_result(given.out, "video", report)
    head = ("task", "encoder", "queries", "objects", *MEASURES)
    print(
        "\n".join([markdown_row(head), "|" + "---|" * len(head), *(markdown_row(one[n] for n in head) for one in rows)])
    )


def read_object(path: Path) -> FilmedObject:
    """The object of a video file, which is named after it."""
    data = path.read_bytes()
    seconds = decode_video(data).seconds
    end = PRODUCT * seconds
    pieces = [decode_video(cut(data, end * number / PIECES, end * (number + 1) / PIECES)) for number in range(PIECES)]
    rest = [end + (seconds - end) * number / QUERIES for number in range(QUERIES + 1)]
    return FilmedObject(
        name=path.stem,
        product=decode_video(cut(data, 0, end)),
        stills=[frame for piece in pieces for frame in piece.frames],
        photos=decode_video(cut(data, end, seconds)).frames,
        videos=[decode_video(cut(data, *span)) for span in pairwise(rest)],
    )


def cut(data: bytes, begin_s: float, end_s: float) -> bytes:
    """The video between two moments with its audio, encoded again with little loss."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(buffer, "w", format="matroska") as target:
        frames = source.streams.video[0]
        audio = source.streams.audio[0] if source.streams.audio else None
        video = target.add_stream("mjpeg", rate=frames.average_rate, options={"qmin": "2", "qmax": "3"})
        video.width, video.height, video.pix_fmt = frames.width, frames.height, "yuvj420p"
        video.time_base = Fraction(1, 1000)
        track = audio and target.add_stream("pcm_s16le", rate=audio.rate, layout=audio.layout.name)
        for frame in source.decode(frames, *([audio] if audio else [])):
            if not begin_s <= frame.time < end_s:
                continue
            if isinstance(frame, av.VideoFrame):
                frame.pts, frame.time_base = round(1000 * (frame.time - begin_s)), video.time_base
                target.mux(video.encode(frame.reformat(format="yuvj420p")))
            else:
                frame.pts = None
                target.mux(track.encode(frame))
        for stream in filter(None, (video, track)):
            target.mux(stream.encode())
    return buffer.getvalue()


def train(objects: Sequence[FilmedObject], out: Path, given: argparse.Namespace) -> str:
    """The name of an encoder trained on the objects' stills and names."""
    lines = []
    for one in objects:
        for number, still in enumerate(one.stills):
            still.save(out / f"{one.name}-{number}.jpg", quality=92)
        images = [f"{one.name}-{number}.jpg" for number in range(len(one.stills))]
        lines.append(json.dumps({"id": one.name, "title": one.name.replace("-", " "), "images": images}))
    (out / "catalog.jsonl").write_text("\n".join(lines))
    with progress_bar("training") as progress:
        TRAINERS["photo"](
            out / "catalog.jsonl", out / "encoder", budget=Budget(minutes=given.minutes), progress=progress,
            image_size=given.image_size,
        )  # fmt: skip
    return f"open_clip:{out / 'encoder'}"


def untrained(out: Path, image_size: int) -> str:
    """The name of the same network with random weights."""
    import torch

    torch.manual_seed(0)
    config = small_config(image_size)
    save_encoder(out / "random", build_model(config), config, {"name": "random"})
    return f"open_clip:{out / 'random'}"


def query_vectors(
    encoder: Encoder, source: Modality, queries_by_object: Sequence[Sequence]
) -> Mapping[int, np.ndarray]:
    """The vectors of each object's queries."""
    vectors = {}
    for number, items in enumerate(queries_by_object):
        encoded = encode(encoder, source, items)
        if encoded:
            vectors[number] = np.stack(list(encoded.values()))
    return vectors


def encode(encoder: Encoder, source: Modality, items: Sequence) -> Mapping[int, np.ndarray]:
    """The items' vectors by position, without those that the encoder cannot use, such as a video without audio."""
    prepared = {}
    for position, item in enumerate(items):
        with contextlib.suppress(MediaError):
            prepared[position] = encoder.prepare(source, item)
    return dict(zip(prepared, encoder.encode(source, list(prepared.values())), strict=True))


def row(task: str, encoder: str, queries: Mapping[int, np.ndarray], objects: Mapping[int, np.ndarray]) -> dict:
    """Measures of one task: the right answer to a query is its own object."""
    qrels, run = {}, {}
    for right, vectors in queries.items():
        if right in objects:
            for number, vector in enumerate(vectors):
                qrels[f"{right}-{number}"] = {str(right): 1}
                run[f"{right}-{number}"] = {str(other): float(vector @ one) for other, one in objects.items()}
    values = ir_measures.calc_aggregate(MEASURES.values(), qrels, run)
    means = {name: round(values[measure], 3) for name, measure in MEASURES.items()}
    return {"task": task, "encoder": encoder, "queries": len(run), "objects": len(objects), **means}


def random_order(objects: int) -> dict:
    """The expected measures of objects in random order."""
    mrr = sum(1 / rank for rank in range(1, objects + 1)) / objects
    means = {"P@1": round(1 / objects, 3), "hit@3": round(3 / objects, 3), "MRR": round(mrr, 3)}
    return {"task": "any", "encoder": "random order", "queries": 0, "objects": objects, **means}


if __name__ == "__main__":
    main()
