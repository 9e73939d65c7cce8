"""Bytes that somebody altered: flipped, cut, doubled, moved, or put in from elsewhere."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def altered(draw: st.DrawFn, data: bytes, other: bytes) -> bytes:
    """Alter `data` in one to three ways; `other` is something whole of the same kind."""
    changed = data
    for _ in range(draw(st.integers(1, 3))):
        changed = draw(_once(changed, other)) if changed else other
    return changed


@st.composite
def _once(draw: st.DrawFn, data: bytes, other: bytes) -> bytes:
    start = draw(st.integers(0, len(data) - 1))
    end = draw(st.integers(start + 1, min(len(data), start + draw(st.sampled_from([1, 40, 4000])))))
    before, piece, after = data[:start], data[start:end], data[end:]
    how = draw(st.sampled_from(["flip", "cut", "double", "move", "splice", "join", "insert"]))
    if how == "flip":
        return before + bytes([piece[0] ^ 1 << draw(st.integers(0, 7))]) + piece[1:] + after
    if how == "cut":
        return before + after
    if how == "double":
        return before + piece + piece + after
    if how == "move":
        rest = before + after
        place = draw(st.integers(0, len(rest)))
        return rest[:place] + piece + rest[place:]
    if how == "insert":
        return before + draw(st.binary(min_size=1, max_size=8)) + piece + after
    place = draw(st.integers(0, len(other)))
    if how == "splice":
        return before + other[place : place + len(piece)] + after
    return data[:start] + other[place:]
