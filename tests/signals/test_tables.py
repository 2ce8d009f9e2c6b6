from importlib.resources import files

import pytest

from suandian.quantity.errors import ScenarioError
from suandian.signals import tables

NAMES = sorted(p.name.removesuffix(".csv") for p in (files("suandian.signals") / "data").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_table_states_unit_source_and_confidence(name):
    table = tables.load(name)
    assert table.about
    assert len(table.source) > 20
    assert table.confidence[:4] in {"good", "poor", "D", "C"}
    for column, values in table.columns.items():
        numeric = all(value.replace(".", "").lstrip("-").isdigit() for value in values)
        assert table.units[column] or not numeric, f"{name}.csv: {column} has no unit"


@pytest.mark.parametrize("name", ["pv", "wind", "load", "spring_festival"])
def test_all_31_provinces_are_there_and_have_points(name):
    keys = tables.load(name).keys
    assert len(set(keys)) == len(keys) == 31
    assert set(keys) == set(tables.load("points").keys)


def test_names_are_found_however_they_are_spelt():
    pv = tables.load("pv")
    assert pv.row("inner_mongolia") == pv.row("InnerMongolia") == pv.row("Inner Mongolia")
    assert pv.row("shandong")["kmax"] == 0.832


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(ScenarioError, match=r"'Atlantis'.*Anhui, Beijing"):
        tables.load("pv").row("Atlantis")
