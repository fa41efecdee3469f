"""Libraries of other packages: importable ones in a folder, with their metadata, as an installer leaves them."""

import re
import uuid
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ltr_plugin.cli import app
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.encoders.registry import list_libraries
from ltr_plugin.errors import EncoderError

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "encoders.md").read_text("utf-8"), re.DOTALL)[1]

ENCODER = """
import numpy as np
from ltr_plugin import encoders

class Own(encoders.Encoder):
    modalities = frozenset({"text"})
    batch_size = 4
    def __init__(self, model):
        self.fingerprint = encoders.Fingerprint("NAME", model, "", 3, "", "")
    def encode(self, modality, prepared):
        return ENCODED

LIBRARY = encoders.Library("NAME", "numpy", ("text",), "anything", load=Own)
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a package with one library, of a unique name unless one is given, on the path; returns the name."""

    def install(source: str, name: str = "", folder: str = "site", module: str = "") -> str:
        name = name or f"own-{uuid.uuid4().hex[:8]}"
        module = module or f"module_{uuid.uuid4().hex[:8]}"
        site = tmp_path / folder
        metadata = site / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{module}.py").write_text(source.replace("NAME", name))
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[ltr_plugin.encoders]\n{name} = {module}:LIBRARY\n")
        monkeypatch.syspath_prepend(str(site))
        return name

    return install


def own_encoder(encoded: str) -> str:
    return ENCODER.replace("ENCODED", encoded)


def encode(encoder, texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def test_the_documented_encoder_works(install):
    install(DOCUMENTED, "trigrams", module="shop_encoders")
    encoder = load_encoder("trigrams:256")
    vectors = encode(encoder, ["red coffee mug", "red cofee mug", "garden hose"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert vectors[0] @ vectors[1] > 0.7 > vectors[0] @ vectors[2] + 0.3
    assert [field.name for field in vector_fields("trigrams:256")] == ["text_vector"]
    assert load_encoder("trigrams:256") is encoder
    assert encode(encoder, []).shape == (0, 256)
    listed = CliRunner().invoke(app, ["encoder", "list"]).stdout
    assert "trigrams:MODEL  encodes text; MODEL is a number of dimensions\n    such as trigrams:256\n" in listed
    with pytest.raises(EncoderError, match="encodes text, not image"):
        vector_fields(image="trigrams:256")
    with pytest.raises(EncoderError, match=r"'trigrams:many' cannot be loaded: invalid literal.*takes a num"):
        load_encoder("trigrams:many")


def test_vectors_get_unit_length_and_zeros_stay(install):
    name = install(own_encoder("[[3, 4, 0], [0, 0, 0]]"))
    assert encode(load_encoder(f"{name}:x"), ["a", "b"]) == pytest.approx(np.array([[0.6, 0.8, 0], [0, 0, 0]]))


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("np.ones((1, 3))", r"made vectors of shape \(1, 3\), not \(2, 3\)"),
        ("np.ones((2, 4))", r"made vectors of shape \(2, 4\), not \(2, 3\)"),
        ("None", r"made vectors of shape"),
        ("[[1], [2, 3]]", r"failed: ValueError"),
        ("1 / 0", r"failed: ZeroDivisionError: division by zero"),
    ],
)
def test_wrong_vectors_are_an_error_that_names_the_encoder(install, encoded, reason):
    name = install(own_encoder(encoded))
    encoder = load_encoder(f"{name}:x")
    with pytest.raises(EncoderError, match=f"encoder '{name}:x' {reason}"):
        encode(encoder, ["a", "b"])
    with pytest.raises(EncoderError, match=f"encoder '{name}:x' {reason}"):
        list(encoder.encode_in_parts("text", ["a", "b"]))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('Fingerprint("NAME"', 'Fingerprint("timm"', "has no fingerprint with library="),
        ("3, ", "0, ", "no number above 0"),
        ("batch_size = 4", "batch_size = None", "no number above 0"),
        ('frozenset({"text"})', 'frozenset({"image"})', "has modalities other than text"),
        ("(encoders.Encoder)", "", "has no method prepare; let its class inherit"),
        ("self.fingerprint", "self.nothing", "has no fingerprint"),
    ],
)
def test_an_encoder_that_lacks_something_is_told_so_when_it_is_loaded(install, old, new, reason):
    name = install(own_encoder("np.ones((len(prepared), 3))").replace(old, new, 1))
    with pytest.raises(EncoderError, match=f"encoder '{name}:x' .*{reason}"):
        load_encoder(f"{name}:x")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module", "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemError('broken')", "cannot be imported: SystemError: broken"),
        ("nothing = 1", "cannot be imported: AttributeError"),
        ("LIBRARY = 1", "is no ltr_plugin.encoders.Library, but a int"),
        (own_encoder("0").replace('Library("NAME"', 'Library("other"'), "has another name in its Library, 'other'"),
        (own_encoder("0").replace('("text",)', '("smell",)'), "needs modalities among text, image"),
        (own_encoder("0").replace('"numpy"', '""'), "needs as `module`"),
    ],
)
def test_a_broken_package_is_named_and_in_nobodys_way(install, caplog, source, reason):
    broken, sound = install(source), install(own_encoder("np.ones((len(prepared), 3))"), folder="other")
    assert len(encode(load_encoder(f"{sound}:x"), ["a"])) == 1
    assert not caplog.records  # it is not even imported
    names = [library.name for library in list_libraries()]
    assert broken not in names
    assert {sound, "timm", "http"} <= set(names)
    (record,) = caplog.records
    assert f"encoder library '{broken}' of package module_" in record.getMessage()
    assert reason in record.getMessage()
    with pytest.raises(EncoderError, match=re.escape(reason)):
        load_encoder(f"{broken}:x")


def test_a_name_of_ours_stays_ours(install, caplog):
    install("raise AssertionError('imported')", "word-vectors")
    names = [library.name for library in list_libraries()]
    assert names.count("word-vectors") == 1
    assert [one.getMessage().rpartition(": ")[2] for one in caplog.records] == ["ltr-plugin has a library of this name"]
    with pytest.raises(EncoderError, match="no file of word vectors"):
        load_encoder("word-vectors:/no/such/file")
    assert len(caplog.records) == 1


def test_a_name_that_two_packages_have_is_told(install, caplog):
    name = install(own_encoder("np.ones((len(prepared), 3))"))
    install("raise AssertionError('imported')", name, folder="late")
    [library.name for library in list_libraries()]
    assert any(f"encoder library '{name}'" in one.getMessage() for one in caplog.records)


def test_an_unknown_name_lists_them_all(install):
    name = install(own_encoder("0"))
    with pytest.raises(EncoderError, match=f"write one of: sentence-transformers:MODEL, .*{name}:MODEL"):
        load_encoder("word2vec:x")
