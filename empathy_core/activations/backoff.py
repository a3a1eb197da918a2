"""Batches that shrink when memory runs out, so that a budget set too high costs one batch and not the run."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from empathy_core.activations.packing import Batch
from empathy_core.contracts import BadInput

Result = TypeVar("Result")

MESSAGES = ("out of memory", "can't allocate memory", "not enough memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What cuda and mps, the cpu on Linux, the cpu on Windows, and cuBLAS say; only the first has a type of its own."""


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch raised this because a device, or the machine, has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or any(message in str(error) for message in MESSAGES)


class TokenBudget:
    """Tokens a batch may hold; halved whenever memory runs out, and kept there for all that follows."""

    def __init__(self, tokens: int):
        self.tokens = tokens
        self.notes: list[str] = []
        """Each time that the budget was halved."""

    def run(
        self,
        texts: Sequence[int],
        pack: Callable[[Sequence[int], int], list[Batch]],
        compute: Callable[[Batch], Result],
    ) -> Iterator[tuple[Batch, Result]]:
        """Every batch of the texts with what `compute` makes of it; after a failure, what is left is packed anew.

        Raises:
            BadInput: if memory does not suffice for one text.
        """
        left = list(texts)
        while left:
            for batch in pack(left, self.tokens):
                try:
                    result = compute(batch)
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    self._halve(batch, error)
                    break
                done = set(batch.texts.tolist())
                left = [text for text in left if text not in done]
                yield batch, result

    def _halve(self, batch: Batch, error: RuntimeError) -> None:
        if len(batch.texts) == 1:
            raise BadInput(
                "A batch of one text must fit in memory.",
                got=f"{batch.ids.size} tokens, and {str(error).splitlines()[0]}",
                cause="a model, or a text, too large for this device",
                fix="use a larger device, `auto` to spread the model over several, or a smaller dtype of the weights",
            ) from error
        # A batch may hold less than the budget allows, so half of the budget alone could leave it as it is.
        self.tokens = min(self.tokens, batch.ids.size) // 2
        self.notes.append(f"out of memory at {batch.ids.size} tokens a batch, went on with {self.tokens}")
