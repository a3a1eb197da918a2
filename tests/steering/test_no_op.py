"""An intervention that does nothing scores its printed null, whatever is asked of it."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import BASE, CONCEPTS, planted_sweep

from empathy_core.steering.effects import arm_estimates, coherence_estimates, effect_estimates, null_estimates
from empathy_core.steering.judged import n_scenarios
from empathy_core.steering.judges import Judgement
from empathy_core.steering.range import opposed_ranges, range_estimates, steering_ranges
from empathy_core.steering.selectivity import selectivity_estimates
from empathy_core.steering.slopes import slope_estimates


@pytest.fixture(scope="module")
def found():
    """Every arm gives each prompt the reply that it has without intervention."""
    sweep = planted_sweep(gain=1.0, broken_from=9.0)
    by_prompt = np.random.default_rng(0).uniform(-0.2, 0.2, sweep.settings.prompts)
    replies = [
        Judgement(
            {style: share + by_prompt[trial.prompt] for style, share in BASE.items()}, float(trial.prompt % 2), True
        )
        for trial in sweep.trials
    ]
    still = replace(sweep, judgements=tuple(replies), coherent=np.ones(len(replies)))
    ranges = range_estimates("t/m", steering_ranges(still, CONCEPTS, 0), n_scenarios(still))
    opposed = range_estimates("t/m", opposed_ranges(still, CONCEPTS, 0), n_scenarios(still), "range-opposed")
    asked = (
        *coherence_estimates("t/m", still, CONCEPTS, 0),
        *effect_estimates("t/m", still, CONCEPTS, 0),
        *null_estimates("t/m", still, CONCEPTS),
        *arm_estimates("t/m", still, CONCEPTS, 0),
        *slope_estimates("t/m", still, CONCEPTS, 0),
        *selectivity_estimates("t/m", still, CONCEPTS, CONCEPTS, 0),
    )
    return {one.name.removeprefix("t/m/write/"): one for one in (*asked, *ranges, *opposed)}


def test_every_number_with_a_null_equals_it(found):
    compared = [one for one in found.values() if one.null is not None]
    assert len(compared) > 40
    for one in compared:
        assert one.value == pytest.approx(one.null, abs=1e-9), one.name


def test_it_has_no_range_no_slope_and_no_selectivity(found):
    for style in CONCEPTS:
        assert found[f"{style}/range"].value == found[f"{style}/range"].high == 0.0
        assert found[f"{style}/slope"].value == pytest.approx(0.0, abs=1e-12)
        assert found[f"{style}/wrong-way"].value == 0.5
    assert found["selectivity/diagonal"].value == pytest.approx(0.0, abs=1e-12)
