"""Speed and peak memory of converting feeds: a shop's own table, and WooCommerce's with variations apart from parents.

    python -m benchmarks.run.feeds [--lines 1000000]

Each feed is generated, then converted by a process of its own. It prints lines a second of CPU time, and the
peak resident memory of that process, for a tenth of the lines and for all.
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from pathlib import Path

from ltr_plugin.feeds.convert import convert_feed
from ltr_plugin.feeds.feed import Feed

WORDS = "Jacke Hose Regen Stiefel Leder Wolle rot blau grün weich warm leicht Größe Stoff Futter Kapuze".split()  # noqa: SIM905
FORMS = ("table", "woocommerce")


def main() -> None:
    """Prints a line for each feed and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="Lines of a feed (%(default)s).")
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory(prefix="ltr-feeds-") as name:
        for form in FORMS:
            for size in (lines // 10, lines):
                feed = Path(name) / f"{form}.csv"
                write_feed(feed, form, size)
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    seconds, peak_mb, products = pool.apply(convert, (feed,))
                print(
                    f"{form}: {size:,} lines, {feed.stat().st_size / 1e6:,.0f} MB, {products:,} products: "
                    f"{size / seconds:,.0f} lines a second of CPU time, peak {peak_mb:,.0f} MB",
                    flush=True,
                )


def convert(feed: Path) -> tuple[float, float, int]:
    """Seconds of CPU time, peak resident memory in MB, and products."""
    start = time.process_time()
    done = convert_feed(Feed.open(feed), feed.with_suffix(".jsonl"))
    seconds = time.process_time() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, done.products


def write_feed(path: Path, form: str, lines: int) -> None:
    """Writes a feed; in that of WooCommerce, every second line is a variation, and all of them come last."""
    rng = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        if form == "table":
            file.write("Artikelnummer;Bezeichnung;Beschreibung;Preis;Marke;Kategorie;Farbe;Bild 1;Bild 2;EAN\n")
        else:
            file.write("ID,Type,SKU,Name,Published,Description,Regular price,Categories,Images,Parent,")
            file.write("Attribute 1 name,Attribute 1 value(s)\n")
        for number in range(lines):
            title, text = " ".join(rng.choices(WORDS, k=4)), " ".join(rng.choices(WORDS, k=40))
            price = f"{rng.randint(1, 1999)},{rng.randint(0, 99):02}"
            if form == "table":
                file.write(
                    f'{number};{title};"<p>{text}</p>\n<p>{title} &amp; mehr</p>";{price} €;Marke {number % 97};'
                )
                file.write(
                    f"Mode > {WORDS[number % 16]};{WORDS[6 + number % 3]};{number}.jpg;{number}-2.jpg;{number:013}\n"
                )
            elif number < lines // 2:
                file.write(f'{number},variable,sku-{number},{title},1,<p>{text}</p>,,"Mode > {title[:5]}",')
                file.write(f'https://shop/{number}.jpg,,Farbe,"rot, blau"\n')
            else:
                parent = number - lines // 2
                file.write(f'{number},variation,sku-{number},,1,,"{price}",,,sku-{parent},Farbe,rot\n')


if __name__ == "__main__":
    main()
