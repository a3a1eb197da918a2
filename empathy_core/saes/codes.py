"""What one dictionary makes of a set of texts: all that analysis needs, without torch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array


@dataclass(frozen=True)
class DictionaryCodes:
    """Codes of every text under one dictionary, and how well the dictionary fits the tokens they came from."""

    source: str
    """`trained, seed 0`, or where a pretrained one came from."""
    seed: int
    width: int
    """Number of latents in the dictionary."""
    latents: Int[np.ndarray, " latent"]
    """Numbers of those that fire on some response token; only these are kept below."""
    sparse: csr_array
    """Mean of every latent over each response's tokens `[text, latent]`, most of them zero."""
    decoder: Float[np.ndarray, "latent dim"]
    """Unit vectors in the residual stream."""
    squared_error: Float[np.ndarray, " text"]
    """Sum over response tokens of the squared distance between token and reconstruction."""
    squared_distance: Float[np.ndarray, " text"]
    """The same between token and the mean of all training tokens: what a constant would leave."""
    active: Float[np.ndarray, " text"]
    """Number of active latents, summed over response tokens."""
    tokens: Int[np.ndarray, " text"]
    """Number of response tokens."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the fit."""

    @property
    def dense(self) -> Float[np.ndarray, "text latent"]:
        """The codes as an ordinary array."""
        return self.sparse.toarray()

    def explained(self, texts: Int[np.ndarray, " row"]) -> float:
        """Share of the variance about the training mean that the dictionary explains in these texts' tokens."""
        return float(1 - self.squared_error[texts].sum() / self.squared_distance[texts].sum())

    def l0(self, texts: Int[np.ndarray, " row"]) -> float:
        """Latents active at a token of these texts, on average."""
        return float(self.active[texts].sum() / self.tokens[texts].sum())
