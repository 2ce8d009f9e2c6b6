"""The page of KPIs defines every name of the record, and none that does not exist."""

import re
from pathlib import Path

from suandian.experiments.kpi import KPI_NAMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "kpis.md"


def test_the_page_defines_the_record_in_its_order() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| [^|\n]", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    defined = [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]
    assert defined == list(KPI_NAMES)
