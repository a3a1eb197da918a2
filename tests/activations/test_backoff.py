from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch

from empathy_core.activations.backoff import TokenBudget
from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import pack
from empathy_core.contracts import BadInput

TEXTS = [EncodedText(f"{i}", f"s{i // 3}", np.arange(10) + i // 3, np.arange(5 + i)) for i in range(12)]
PACKING = partial(pack, TEXTS, padding=0, share_prompts=True)
MESSAGES = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    "mps": RuntimeError("MPS backend out of memory (MPS allocated: 18.00 GB, max allowed: 18.13 GB)."),
    "cpu": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    "windows": RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    "cublas": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
}


def device_of(tokens, error):
    """A computation that fails on batches of more tokens than that."""
    sizes = []

    def compute(batch):
        sizes.append(batch.ids.size)
        if batch.ids.size > tokens:
            raise error
        return sizes[-1]

    return compute, sizes


@pytest.mark.parametrize("device", MESSAGES)
def test_batches_halve_until_they_fit_and_every_text_is_computed_once(device):
    compute, sizes = device_of(30, MESSAGES[device])
    budget = TokenBudget(1000)
    done = list(budget.run(range(12), PACKING, compute))
    assert sorted(text for batch, _ in done for text in batch.texts) == list(range(12))
    assert all(result == batch.ids.size <= 30 for batch, result in done)
    failed = [size for size in sizes if size > 30]
    assert len(budget.notes) == len(failed) > 1
    assert all(str(size) in note for size, note in zip(failed, budget.notes, strict=True))
    assert all(later <= earlier / 2 for earlier, later in pairwise(failed))


def test_the_budget_stays_where_it_was_found_to_fit():
    compute, sizes = device_of(60, MESSAGES["cuda"])
    budget = TokenBudget(1000)
    list(budget.run(range(6), PACKING, compute))
    sizes.clear()
    list(budget.run(range(6, 12), PACKING, compute))
    assert max(sizes) <= budget.tokens <= 60


def test_memory_too_small_for_one_text_is_an_error_that_says_so():
    compute, _ = device_of(15, MESSAGES["mps"])
    with pytest.raises(BadInput, match=r"batch of one text.*26 tokens, and MPS backend out of memory"):
        list(TokenBudget(1000).run(range(12), PACKING, compute))


def test_any_other_error_is_not_taken_for_a_lack_of_memory():
    compute, sizes = device_of(60, RuntimeError("CUDA error: device-side assert triggered"))
    with pytest.raises(RuntimeError, match="device-side assert"):
        list(TokenBudget(1000).run(range(12), PACKING, compute))
    assert len(sizes) == 1


def test_where_nothing_fails_nothing_is_noted():
    compute, sizes = device_of(1000, MESSAGES["cuda"])
    budget = TokenBudget(1000)
    list(budget.run(range(12), PACKING, compute))
    assert not budget.notes and budget.tokens == 1000 and len(sizes) == len(PACKING(range(12), 1000))
