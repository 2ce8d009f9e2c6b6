"""Arrays of what lies ahead that are worked out only as far as somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

__all__ = ["Ahead", "Issue"]

Floats = NDArray[np.float64]


@dataclass(eq=False)
class Issue:
    """Rows of values for intervals from an instant on, kept as far as they were asked for.

    make      the first n intervals, `(rows, n)`; for a larger n it begins with the same values
    periods   intervals there are
    """

    make: Callable[[int], Floats]
    rows: int
    periods: int
    _head: Floats | None = field(default=None, init=False, repr=False)

    def until(self, stop: int) -> Floats:
        """The first `stop` intervals, read-only."""
        told = 0 if self._head is None else self._head.shape[1]
        if self._head is None or stop > told:
            # Who looks further once will do so again: doubling keeps the work in proportion to the longest look.
            self._head = self.make(min(max(stop, 2 * told), self.periods))
            self._head.setflags(write=False)
        return self._head[:, :stop]


class Ahead(NDArrayOperatorsMixin):
    """An Issue from interval `cut` on, `(rows, periods − cut)`: to its reader a read-only array of floats.

    A slice of columns costs as much as what lies before its end; everything else (arithmetic, methods, index arrays)
    works out all of it first. The types are as loose as those of NumPy's own protocols.
    """

    __slots__ = ("_cut", "_issue")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, issue: Issue, cut: int = 0) -> None:
        self._issue, self._cut = issue, cut

    @property
    def shape(self) -> tuple[int, int]:
        return self._issue.rows, self._issue.periods - self._cut

    @property
    def ndim(self) -> int:
        return 2

    @property
    def dtype(self) -> np.dtype[np.float64]:
        return np.dtype(np.float64)

    def __len__(self) -> int:
        return self._issue.rows

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401
        return self._told(_reach(key, self.shape[1]))[key]

    def _told(self, periods: int) -> Floats:
        return self._issue.until(self._cut + periods)[:, self._cut :]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401
        values = self._told(self.shape[1])
        return np.array(values, dtype=dtype) if copy else np.asarray(values, dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:  # noqa: ANN401
        plain = [np.asarray(value) if isinstance(value, Ahead) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def __repr__(self) -> str:
        return f"Ahead({self.shape[0]} × {self.shape[1]})"


def _reach(key: Any, width: int) -> int:  # noqa: ANN401
    """How many of `width` columns an index needs; a shorter array answers it alike."""
    parts = key if isinstance(key, tuple) else (key,)
    dots = sum(part is Ellipsis for part in parts)
    columns = parts[-1]
    if len(parts) != 2 + (dots == 1 and len(parts) == 3) or columns is Ellipsis or any(part is None for part in parts):
        return width
    if isinstance(columns, int | np.integer):
        return int(columns) + 1 if 0 <= columns < width else width
    if isinstance(columns, slice) and (columns.step or 1) > 0 and (columns.start or 0) >= 0:
        return min(columns.stop, width) if columns.stop is not None and columns.stop >= 0 else width
    return width
