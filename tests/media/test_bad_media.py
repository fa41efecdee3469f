"""Bad media in a real index: each keeps its product findable, says its reason, and gets its vector once it is repaired.

The way is that of the workers: products are written by their words, embedded by id, asked for their errors (what
`ltr index --status` lists), and embedded again after `requeue_failed` (`ltr index --retry-errors`).
"""

import io
import json
import os
import threading
import uuid
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from ltr_workers.embedding import embed
from PIL import Image
from recordings import encoded, tone, wav
from safetensors.torch import save_file
from torchvision.models.video import mc3_18
from videos import make_video

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.encoders import vector_fields
from ltr_plugin.encoders.torchvision_video import CONFIG, WEIGHTS

pytestmark = pytest.mark.live


def photo(form: str = "PNG", size: tuple[int, int] = (40, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(buffer, form)
    return buffer.getvalue()


def outside(path: Path) -> None:
    secret = path.parents[1] / "secret.png"
    secret.write_bytes(photo())
    path.symlink_to(secret)


HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
GOOD = {"image": photo(), "audio": wav(tone()), "video": make_video(tone_hz=440.0)}

BAD = {
    ("image", "absent"): (None, "No such file"),
    ("image", "empty"): (b"", "empty file"),
    ("image", "html"): (HTML, "not a photo"),
    ("image", "svg"): (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a photo"),
    ("image", "pdf"): (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", "not a photo"),
    ("image", "postscript"): (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not a photo"),
    ("image", "truncated"): (photo("JPEG", (400, 400))[:2000], "damaged photo"),
    ("image", "narrow"): (photo(size=(3000, 20)), "one side is more than 50 times the other"),
    ("image", "too-large"): (photo("GIF", (9000, 6000)), "9000 x 6000 pixels is over the limit"),
    ("image", "pipe"): (os.mkfifo, "not a file but a folder, a pipe or a device"),
    ("image", "folder"): (Path.mkdir, "Is a directory"),
    ("image", "outside"): (outside, "is outside the catalog's folder"),
    ("audio", "silent"): (wav(0 * tone()), "silent"),
    ("audio", "one-sample"): (wav(tone()[99:100]), "too short: 1 sample"),
    ("audio", "text"): (b"a bell that rings", "not audio"),
    ("audio", "photo"): (photo("JPEG"), "not audio"),
    ("audio", "truncated"): (wav(tone())[:40_000], "breaks off"),
    ("audio", "header"): (encoded(tone(2, 48_000), "flac", "flac")[:4000], "damaged at its start"),
    ("audio", "video-without-audio"): (make_video(), "no audio track"),
    ("video", "text"): (HTML, "not a video"),
    ("video", "playlist"): (b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "not a video"),
    ("video", "truncated"): (make_video("webm", "libvpx")[:900], "breaks off"),
    ("video", "only-audio"): (encoded(tone(2, 48_000), "ipod", "aac"), "has an audio track, but no video track"),
}


@pytest.fixture(scope="module")
def motion_folder(tmp_path_factory) -> Path:
    """An encoder of motion with random weights."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("motion")
    (folder / CONFIG).write_text(json.dumps({"architecture": "mc3_18"}))
    save_file(mc3_18().state_dict(), folder / WEIGHTS)
    return folder


@pytest.fixture
def full_index(node_url, encoder_folder, motion_folder, tmp_path):
    """An empty index with vectors of every modality; deleted afterwards."""
    cluster = connect(node_url)
    photos = f"open_clip:{encoder_folder}"
    fields = vector_fields(
        image=photos,
        audio="spectral:log-mel",
        video=[photos, f"torchvision:{motion_folder}", "spectral:log-mel"],
    )
    (tmp_path / "catalog").mkdir()
    made = open_or_create(cluster, f"bad-media-{uuid.uuid4().hex[:8]}", fields, tmp_path / "catalog")
    yield made.allow_media(tmp_path / "catalog")
    cluster.call("DELETE", f"/{made.name}")


@pytest.fixture
def server(tmp_path):
    """A server of a folder on loopback, as a shop's own image server is."""
    (tmp_path / "served").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    handler.func.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield tmp_path / "served", f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def of(modality: str, id_: str, *references: str) -> Product:
    field = {"image": "images", "audio": "audio", "video": "video"}[modality]
    return Product(id=id_, title=f"{id_} thing", **{field: references})


def write(path: Path, content) -> None:
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content)


def repair(path: Path, good: bytes) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(good)


def status(index) -> dict[str, dict[str, str]]:
    """The reasons that are listed, by product and field."""
    index.refresh()
    found: dict[str, dict[str, str]] = {}
    for id_, field, reason in index.errors():
        found.setdefault(id_, {})[field] = reason
    return found


def run(index, products) -> None:
    report = embed(index, [product.id for product in products])
    assert report.refused == {}


def test_every_bad_medium_is_listed_beside_good_ones_and_is_embedded_once_repaired(
    full_index, server, tmp_path, vectors_of, monkeypatch
):
    monkeypatch.delenv("LTR_ALLOW_PRIVATE_MEDIA", raising=False)
    root, (served, address) = tmp_path / "catalog", server
    (served / "photo.png").write_bytes(GOOD["image"])
    products = [of("image", "private-address", f"{address}/photo.png"), of("image", "half-good", "good-image", "html")]
    for modality, content in GOOD.items():
        write(root / f"good-{modality}", content)
        products.append(of(modality, f"good-{modality}", f"good-{modality}"))
    for (modality, name), (content, _) in BAD.items():
        write(root / f"{modality}-{name}", content)
        products.append(of(modality, f"{modality}-{name}", f"{modality}-{name}"))
    write(root / "html", HTML)
    write(root / "dumb", make_video())
    products.append(of("video", "dumb", "dumb"))

    assert [error for _, error in full_index.put(products) if error] == []
    run(full_index, products)
    listed = status(full_index)
    assert full_index.backlog() == 0, "a bad medium is not tried again and again"

    own = {"image": {"image_vector"}, "audio": {"audio_vector"}}
    own["video"] = {"video_vector", "motion_vector", "soundtrack_vector"}
    for (modality, name), (_, reason) in BAD.items():
        id_ = f"{modality}-{name}"
        said = listed.pop(id_)
        assert set(said) == own[modality], id_
        assert all(reason in one and id_ in one for one in said.values()), said
        assert not own[modality] & set(vectors_of(full_index, id_))
    for modality in GOOD:
        assert own[modality] <= set(vectors_of(full_index, f"good-{modality}"))
    assert set(listed) == {"private-address", "half-good"}, "a video without audio is no mistake"
    assert "is a private address; set LTR_ALLOW_PRIVATE_MEDIA" in listed["private-address"]["image_vector"]
    assert "html: not a photo" in listed["half-good"]["image_vector"]
    assert "image_vector" in vectors_of(full_index, "half-good"), "its other photo is good"
    assert own["video"] & set(vectors_of(full_index, "dumb")) == {"video_vector", "motion_vector"}

    for modality, name in BAD:
        repair(root / f"{modality}-{name}", GOOD[modality])
    repair(root / "html", GOOD["image"])
    repair(root / "dumb", GOOD["video"])
    monkeypatch.setenv("LTR_ALLOW_PRIVATE_MEDIA", "1")
    assert full_index.requeue_failed() == len(BAD) + 2
    assert [error for _, error in full_index.put([one for one in products if one.id == "dumb"])] == [None]
    run(full_index, products)
    assert status(full_index) == {}
    assert full_index.backlog() == 0
    for modality, name in BAD:
        assert own[modality] <= set(vectors_of(full_index, f"{modality}-{name}"))
    assert {"image_vector"} <= set(vectors_of(full_index, "private-address"))
    assert "soundtrack_vector" in vectors_of(full_index, "dumb")
