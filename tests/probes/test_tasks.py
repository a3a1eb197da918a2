from dataclasses import replace

import numpy as np

from empathy_core.contracts import TextSet
from empathy_core.probes.tasks import tasks


def test_three_styles_and_two_registers_give_three_pairs_three_way_and_register(crossed):
    found = tasks(crossed().texts)
    assert [task.name for task in found] == ["a-b", "a-c", "b-c", "three-way", "register"]
    assert found[4].classes == ("casual", "formal")
    assert all(task.varies_within_scenarios for task in found)


def test_rows_and_labels_name_the_class_of_every_text_of_the_task(crossed):
    texts = crossed().texts
    for task in tasks(texts):
        field = "register" if task.name == "register" else "style"
        assert (texts.column(field)[task.rows] == np.array(task.classes)[task.labels]).all()
    assert len(tasks(texts)[1].rows) == 60


def test_two_styles_make_one_pair_and_more_than_three_are_called_all_styles(crossed):
    assert [task.name for task in tasks(crossed(styles=("x", "y"), registers=("",)).texts)] == ["x-y"]
    names = [task.name for task in tasks(crossed(styles=("p", "q", "r", "s"), registers=("",)).texts)]
    assert len(names) == 7 and names[-1] == "all-styles"


def test_texts_of_other_roles_take_no_part(crossed):
    texts = crossed().texts
    control = TextSet(
        "toy", "measured", tuple(replace(t, role="neutral") if t.style == "c" else t for t in texts.texts)
    )
    assert [task.name for task in tasks(control)] == ["a-b", "register"]
    assert (control.column("role")[tasks(control)[1].rows] == "main").all()


def test_one_register_or_a_blank_one_is_no_task(crossed):
    for registers in (("formal",), ("formal", ""), ("formal", "casual", "blunt")):
        assert "register" not in [task.name for task in tasks(crossed(registers=registers).texts)]


def test_a_register_that_is_fixed_in_each_scenario_is_told_apart(crossed):
    register = tasks(crossed(register_within=False).texts)[-1]
    assert register.name == "register" and not register.varies_within_scenarios
