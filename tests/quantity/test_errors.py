import pickle

import pytest

from suandian.quantity.errors import (
    AdapterError,
    DataError,
    Fault,
    Infeasible,
    InvariantBroken,
    ScenarioError,
    SuandianError,
)


def test_all_faults_are_told_at_once() -> None:
    error = ScenarioError([Fault("time.step", "is bare; write 15 min"), Fault("", "empty")], source="x.yaml")
    assert str(error).splitlines() == ["x.yaml has 2 faults:", "  time.step: is bare; write 15 min", "  empty"]


def test_infeasible_names_limits_and_shortfall() -> None:
    text = str(Infeasible("no plan", constraints=("feeder.import_max",), shortfall="3 MW"))
    assert "feeder.import_max" in text
    assert "short by 3 MW" in text


def test_the_tree_has_one_root() -> None:
    assert all(
        issubclass(e, SuandianError) for e in (AdapterError, DataError, Infeasible, InvariantBroken, ScenarioError)
    )


@pytest.mark.parametrize(
    "error",
    [
        ScenarioError([Fault("time.step", "is bare; write 15 min"), Fault("", "empty")], source="x.yaml"),
        Infeasible("no plan", constraints=("feeder.import_max",), shortfall="3 MW"),
        DataError("jobs.csv: row 3"),
    ],
)
def test_an_error_from_another_process_says_the_same(error: SuandianError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
