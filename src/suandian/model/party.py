"""Who takes part, in which roles, and who may instruct whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["ROLES", "Party", "Role"]

Role = Literal["grid_operator", "data_centre_operator", "computing_platform", "energy_user", "aggregator", "verifier"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Party:
    """A legal or organisational actor. `may_instruct` names the parties it has dispatch authority over."""

    id: str
    roles: frozenset[Role]
    name: str = ""
    name_zh: str = ""
    may_instruct: frozenset[str] = frozenset()
