"""What `import suandian` promises: these names, each importable, none of them heavy before it is used."""

import importlib
import inspect

import pytest

import suandian

FACE = [
    "AdapterError",
    "Classification",
    "DataError",
    "Finding",
    "Infeasible",
    "InvariantBroken",
    "JobTable",
    "Journal",
    "MoveCost",
    "Scenario",
    "ScenarioError",
    "Series",
    "ShiftJobs",
    "Shifted",
    "SuandianError",
    "TimeAxis",
    "WhiteNoise",
    "__version__",
    "classify",
    "congestion_prices",
    "load",
    "run",
    "scenarios",
    "shift",
]


def test_the_public_face_is_what_was_promised() -> None:
    assert suandian.__all__ == FACE
    assert set(FACE) <= set(dir(suandian))


@pytest.mark.parametrize("name", FACE)
def test_every_public_name_exists_and_is_documented(name: str) -> None:
    thing = getattr(suandian, name)
    assert name == "__version__" or inspect.getdoc(thing)
    assert getattr(importlib.import_module("suandian"), name) is thing


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        suandian.__getattr__("simulate")
