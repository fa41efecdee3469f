"""Standardising of a network's inputs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ltr_plugin.features.table import Floats

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StandardScaler:
    """Mean and standard deviation of each column, float64 (features,); the latter is 1 for a constant column."""

    mean: Doubles
    std: Doubles

    @classmethod
    def of(cls, values: Floats) -> "StandardScaler":
        """The scaler of these training values (rows, features)."""
        std = values.std(axis=0, dtype=np.float64)
        return cls(values.mean(axis=0, dtype=np.float64), np.where(std > 0, std, 1.0))

    @classmethod
    def identity(cls, columns: int) -> "StandardScaler":
        """The scaler that changes nothing."""
        return cls(np.zeros(columns), np.ones(columns))

    def transform(self, values: Floats) -> Tensor:
        """The values with mean 0 and standard deviation 1, float32."""
        return torch.from_numpy(((values - self.mean) / self.std).astype(np.float32))
