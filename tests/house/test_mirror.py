"""Every module has its test beside it, in the same stratum under the same name."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "suandian"
TESTS = ROOT / "tests"

#: Modules that hold declarations only; what they declare is tested where it is used.
DECLARATIONS = {
    "model/party.py",
    "model/site.py",
    "model/grid.py",
    "model/contract.py",
    "model/programme.py",
    "model/plan.py",
    "record/events.py",
    "operation/ports.py",
    "coordination/base.py",
    "simulation/truth.py",
}


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if not path.name.startswith("__")]


def test_every_module_is_mirrored_by_a_test() -> None:
    tests = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    missing = []
    for path in modules():
        name = path.relative_to(PACKAGE).as_posix()
        if name in DECLARATIONS:
            continue
        stratum = name.split("/")[0]
        wanted = (
            f"{stratum}/test_{path.stem}",
            *(f"{stratum}/test_{part}" for part in path.relative_to(PACKAGE).parts[1:-1]),
        )
        if not any(test.startswith(want) for test in tests for want in wanted):
            missing.append(name)
    assert missing == []


def test_declarations_hold_no_logic_worth_a_file_of_tests() -> None:
    for name in DECLARATIONS:
        assert (PACKAGE / name).read_text(encoding="utf-8").count("\n    def ") <= 6, name


def test_rooms_are_small() -> None:
    large = {
        p.relative_to(PACKAGE).as_posix(): n for p in modules() if (n := len(p.read_text("utf-8").splitlines())) > 400
    }
    assert large == {}
