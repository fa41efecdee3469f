"""BiLSTM text encoders made by `ltr encoder train --kind text`: a baseline without transformers.

Text becomes float32 (n, 2 * hidden). `bilstm_network` has the network and its sources.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import encoder_name, read_config, require_files
from ltr_plugin.encoders.protocol import Library
from ltr_plugin.encoders.runtime.torch_encoder import TorchEncoder, weights_hash

if TYPE_CHECKING:
    import torch

    from ltr_plugin.encoders.bilstm_network import LstmNetwork

CONFIG, WEIGHTS = "bilstm.json", "bilstm.safetensors"


class LstmEncoder(TorchEncoder):
    """Encodes text with a BiLSTM."""

    model: "LstmNetwork"

    def _prepare(self, modality: Modality, item: str) -> list[int]:  # noqa: ARG002 - text is its only modality
        """The text's token ids."""
        return self.model.tokens(item)

    def _forward(self, modality: Modality, batch: list[list[int]]) -> "torch.Tensor":  # noqa: ARG002
        vectors: torch.Tensor = self.model(batch)
        return vectors

    def _towers(self) -> "list[torch.nn.Module]":
        return []  # packed sequences do not compile


def load(model: str) -> LstmEncoder:
    """The encoder in a folder that `ltr encoder train --kind text` made; EncoderError when a file is missing."""
    from safetensors.torch import load_file

    from ltr_plugin.encoders.bilstm_network import LstmNetwork, LstmShape

    folder = Path(model)
    require_files(folder, CONFIG, WEIGHTS)
    network = LstmNetwork(LstmShape(**read_config(folder, CONFIG)))
    network.load_state_dict(load_file(folder / WEIGHTS))
    return from_model(network, name=encoder_name(folder))


def from_model(network: "LstmNetwork", *, name: str) -> LstmEncoder:
    """The encoder of a network in memory."""
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=name,
        revision="",
        dimension=2 * network.shape.hidden,
        preprocessing=f"first {network.shape.tokens} tokens of CLIP",
        weights=weights_hash(network.state_dict()),
    )
    return LstmEncoder(network, fingerprint, frozenset({"text"}))


def write(folder: Path, network: "LstmNetwork") -> None:
    """Writes shape and weights into an existing folder."""
    from safetensors.torch import save_file

    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(asdict(network.shape)) + "\n", "utf-8")


LIBRARY = Library(
    name="bilstm",
    module="torch",
    modalities=("text",),
    models="a folder made by `ltr encoder train --kind text`",
    load=load,
    example="runs/text",
)
