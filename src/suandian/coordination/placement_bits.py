"""Sets of ranks as three-level 64-ary bitmaps: insert and remove in O(1), next and last member in a few steps.

A family of sets over the ranks `0 … n−1` is one array `(sets, words)` of uint64. A row holds level 0 (a bit per rank),
level 1 (a bit per level-0 word that is not empty) and level 2 (a bit per level-1 word that is not empty); `middle` and
`top`, the words where levels 1 and 2 begin, are in the first two words of the row.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["discard", "empty_sets", "following", "insert", "last", "preceding"]

Words = NDArray[np.uint64]

#: Words of a row before level 0.
HEADER = 2

_ONE = np.uint64(1)
_NONE = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def empty_sets(sets: int, size: int) -> Words:
    """`sets` empty sets of ranks below `size`."""
    low = (max(size, 1) + 63) // 64
    middle = (low + 63) // 64
    top = (middle + 63) // 64
    words = np.zeros((sets, HEADER + low + middle + top), dtype=np.uint64)
    words[:, 0], words[:, 1] = HEADER + low, HEADER + low + middle
    return words


@njit(cache=True)
def _lowest(word: np.uint64) -> int:
    """Index of the lowest bit of a word that is not zero (halving search)."""
    index = 0
    for width in (32, 16, 8, 4, 2, 1):
        if word & ((_ONE << np.uint64(width)) - _ONE) == _NONE:
            word >>= np.uint64(width)
            index += width
    return index


@njit(cache=True)
def _highest(word: np.uint64) -> int:
    """Index of the highest bit of a word that is not zero (halving search)."""
    index = 0
    for width in (32, 16, 8, 4, 2, 1):
        if word >> np.uint64(width) != _NONE:
            word >>= np.uint64(width)
            index += width
    return index


@njit(cache=True)
def insert(sets: Words, member_of: int, rank: int) -> None:
    """Put `rank` into set `member_of`."""
    middle, top = int(sets[member_of, 0]), int(sets[member_of, 1])
    sets[member_of, HEADER + (rank >> 6)] |= _ONE << np.uint64(rank & 63)
    sets[member_of, middle + (rank >> 12)] |= _ONE << np.uint64((rank >> 6) & 63)
    sets[member_of, top + (rank >> 18)] |= _ONE << np.uint64((rank >> 12) & 63)


@njit(cache=True)
def discard(sets: Words, member_of: int, rank: int) -> None:
    """Take `rank` out of set `member_of`; nothing happens if it is not in it."""
    middle, top = int(sets[member_of, 0]), int(sets[member_of, 1])
    sets[member_of, HEADER + (rank >> 6)] &= ~(_ONE << np.uint64(rank & 63))
    if sets[member_of, HEADER + (rank >> 6)] == _NONE:
        sets[member_of, middle + (rank >> 12)] &= ~(_ONE << np.uint64((rank >> 6) & 63))
        if sets[member_of, middle + (rank >> 12)] == _NONE:
            sets[member_of, top + (rank >> 18)] &= ~(_ONE << np.uint64((rank >> 12) & 63))


@njit(cache=True)
def _in_word(sets: Words, member_of: int, begin: int, end: int, bit: int) -> int:
    """The first set bit at or after `bit` of a level, inside the word that holds it; −1 if there is none."""
    at = begin + (bit >> 6)
    if at >= end:
        return -1
    word = sets[member_of, at] & (_ALL << np.uint64(bit & 63))
    return ((bit >> 6) << 6) + _lowest(word) if word != _NONE else -1


@njit(cache=True)
def following(sets: Words, member_of: int, rank: int, end: int) -> int:
    """The lowest member of set `member_of` in `rank … end−1`, −1 if there is none."""
    middle, top, close = int(sets[member_of, 0]), int(sets[member_of, 1]), sets.shape[1]
    found = _in_word(sets, member_of, HEADER, middle, rank)
    if found < 0:
        word = _in_word(sets, member_of, middle, top, (rank >> 6) + 1)
        if word < 0:
            bit = (((rank >> 6) + 1) >> 6) + 1
            block = _in_word(sets, member_of, top, close, bit)
            while block < 0 and top + (bit >> 6) < close:
                bit = ((bit >> 6) + 1) << 6
                block = _in_word(sets, member_of, top, close, bit)
            if block < 0:
                return -1
            word = (block << 6) + _lowest(sets[member_of, middle + block])
        found = (word << 6) + _lowest(sets[member_of, HEADER + word])
    return found if found < end else -1


@njit(cache=True)
def last(sets: Words, member_of: int) -> int:
    """The highest member of set `member_of`, −1 if it is empty."""
    middle, top = int(sets[member_of, 0]), int(sets[member_of, 1])
    for at in range(sets.shape[1] - 1, top - 1, -1):
        if sets[member_of, at] != _NONE:
            block = ((at - top) << 6) + _highest(sets[member_of, at])
            word = (block << 6) + _highest(sets[member_of, middle + block])
            return (word << 6) + _highest(sets[member_of, HEADER + word])
    return -1


@njit(cache=True)
def _in_word_below(sets: Words, member_of: int, begin: int, bit: int) -> int:
    """The last set bit at or before `bit` of a level, inside the word that holds it; −1 if there is none."""
    if bit < 0:
        return -1
    word = sets[member_of, begin + (bit >> 6)] & (_ALL >> np.uint64(63 - (bit & 63)))
    return ((bit >> 6) << 6) + _highest(word) if word != _NONE else -1


@njit(cache=True)
def preceding(sets: Words, member_of: int, rank: int) -> int:
    """The highest member of set `member_of` at or below `rank`, −1 if there is none."""
    middle, top = int(sets[member_of, 0]), int(sets[member_of, 1])
    found = _in_word_below(sets, member_of, HEADER, rank)
    if rank < 0 or found >= 0:
        return found
    word = _in_word_below(sets, member_of, middle, (rank >> 6) - 1)
    if word < 0:
        bit = (((rank >> 6) - 1) >> 6) - 1
        block = _in_word_below(sets, member_of, top, bit)
        while block < 0 and bit >= 64:
            bit = ((bit >> 6) << 6) - 1
            block = _in_word_below(sets, member_of, top, bit)
        if block < 0:
            return -1
        word = (block << 6) + _highest(sets[member_of, middle + block])
    return (word << 6) + _highest(sets[member_of, HEADER + word])
