"""Peak memory of a worker that embeds 20 hostile photos at once, each as large as is allowed.

    python -m benchmarks.run.media_memory [--photos 20] [--threads 20]

The photos have 50 million pixels: progressive JPEG, PNG with 16 bits or with transparency, WebP, TIFF in CMYK. They are
opened as a worker does, in as many threads as it has for URLs on a large machine; nothing is
encoded, so the result is what media add to a worker. It prints the peak resident memory before and after.
"""

import argparse
import resource
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from ltr_workers.memory import disable_trim
from PIL import Image

from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.pipelines.embedding.items import Reader

SIZE = (8660, 5770)
"""Just below 50 million pixels."""


def main() -> None:
    """Prints the two peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20, help="Number of photos (%(default)s).")
    parser.add_argument("--threads", type=int, default=20, help="Threads that open them (%(default)s).")
    arguments = parser.parse_args()
    disable_trim()
    with tempfile.TemporaryDirectory(prefix="ltr-memory-") as name:
        folder = Path(name)
        forms = write_photos(folder)
        names = [forms[number % len(forms)] for number in range(arguments.photos)]
        before = peak_mb()
        reader = Reader("image", dict.fromkeys(forms, "p"), MediaRoots.of(folder, [folder]))
        with ThreadPoolExecutor(arguments.threads) as pool:
            opened = sum(photo is not None for photo in pool.map(reader.open, names))
        print(f"{opened} photos of {SIZE[0] * SIZE[1] / 1e6:.0f} MP, {arguments.threads} threads")
        print(f"peak resident memory: {before:,.0f} MB before, {peak_mb():,.0f} MB after")


def write_photos(folder: Path) -> list[str]:
    """One photo of each form, written in a process of its own, whose memory does not count."""
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        names: list[str] = pool.apply(_write_photos, (folder,))
    return names


def _write_photos(folder: Path) -> list[str]:
    rows = np.linspace(0, 255, SIZE[1], dtype=np.uint8)[:, None]
    photo = Image.fromarray(np.broadcast_to(rows[..., None], (SIZE[1], SIZE[0], 3)).copy())
    deep = Image.fromarray(np.broadcast_to(rows.astype(np.uint16) * 257, (SIZE[1], SIZE[0])).copy())
    photo.save(folder / "progressive.jpg", progressive=True)
    photo.convert("RGBA").save(folder / "transparent.png", compress_level=1)
    deep.save(folder / "deep.png", compress_level=1)
    photo.save(folder / "photo.webp", method=0)
    photo.convert("CMYK").save(folder / "photo.tif", compression="tiff_lzw")
    return sorted(path.name for path in folder.iterdir())


def peak_mb() -> float:
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
