from dataclasses import replace

import numpy as np

from empathy_core.contracts import TextSet
from empathy_core.probes.tasks import tasks


def test_three_styles_and_two_registers_give_pairs_three_way_each_against_the_rest_and_register(crossed):
    found = tasks(crossed().texts)
    names = ["a-b", "a-c", "b-c", "three-way", "a-rest", "b-rest", "c-rest", "register"]
    assert [task.name for task in found] == names
    assert found[-1].classes == ("casual", "formal")
    assert all(task.varies_within_scenarios for task in found)


def roles(texts, role, styles):
    """The texts with those of some styles in another role."""
    return TextSet("toy", "measured", tuple(replace(t, role=role) if t.style in styles else t for t in texts.texts))


def test_control_texts_are_told_from_the_main_ones(crossed):
    [contrast] = [task for task in tasks(roles(crossed().texts, "neutral", "c")) if task.name == "main-neutral"]
    assert contrast.classes == ("main", "neutral") and len(contrast.rows) == 90
    assert contrast.varies_within_scenarios and len(contrast.foil_rows) == 0


def test_pairs_are_told_apart_by_their_own_styles(crossed):
    found = {task.name: task for task in tasks(roles(crossed(styles=("a", "b", "x", "y")).texts, "pair", "xy"))}
    assert list(found) == ["a-b", "register", "x-y"]
    assert found["x-y"].classes == ("x", "y") and len(found["x-y"].rows) == 60


def test_foils_stand_beside_the_tasks_of_styles_with_the_label_of_their_stance(crossed):
    texts = crossed().texts
    foils = tuple(replace(text, id=f"{text.id}-foil", role="foil") for text in texts.texts[:6])
    for task in tasks(TextSet("toy", "measured", texts.texts + foils)):
        if task.name == "register":
            assert len(task.foil_rows) == 0
            continue
        assert set(task.foil_rows) <= set(range(90, 96)) and not set(task.foil_rows) & set(task.rows)
        of_main = dict(zip(task.rows.tolist(), task.labels.tolist(), strict=True))
        assert [of_main[row - 90] for row in task.foil_rows] == task.foil_labels.tolist()


def test_rows_and_labels_name_the_class_of_every_text_of_the_task(crossed):
    texts = crossed().texts
    for task in tasks(texts):
        field = "register" if task.name == "register" else "style"
        named, column = np.array(task.classes)[task.labels], texts.column(field)[task.rows]
        assert ((column == named) | ((named == "rest") & (column != task.name[0]))).all()
    assert len(tasks(texts)[1].rows) == 60


def test_two_styles_make_one_pair_and_more_than_three_are_called_all_styles(crossed):
    assert [task.name for task in tasks(crossed(styles=("x", "y"), registers=("",)).texts)] == ["x-y"]
    names = [task.name for task in tasks(crossed(styles=("p", "q", "r", "s"), registers=("",)).texts)]
    assert len(names) == 11 and names[6] == "all-styles"


def test_texts_of_other_roles_take_no_part_in_the_tasks_of_styles(crossed):
    found = tasks(roles(crossed().texts, "emotion", "c"))
    assert [task.name for task in found] == ["a-b", "register"]
    assert (crossed().texts.column("style")[found[1].rows] != "c").all()


def test_one_register_or_a_blank_one_is_no_task(crossed):
    for registers in (("formal",), ("formal", ""), ("formal", "casual", "blunt")):
        assert "register" not in [task.name for task in tasks(crossed(registers=registers).texts)]


def test_a_register_that_is_fixed_in_each_scenario_is_told_apart(crossed):
    register = tasks(crossed(register_within=False).texts)[-1]
    assert register.name == "register" and not register.varies_within_scenarios
