"""Upper bounds for the exact search: the scores of 32 asking rows with every row before them, in whole numbers.

The vector instructions are written as LLVM code, because a loop over 32 lanes of 16 bits asks at every turn
whether its arrays overlap, and keeps no sum in a register. LLVM makes the best of it for every processor: two
registers of AVX2, four of SSE2 or NEON. Sums saturate. Arrays of lanes are (any, LANES) uint16.

All of it is one file, because numba compiles again when the file of a cached function changes, and no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from recommender.arrays.jit import Span, compiled, part
from recommender.ranking.nearest.matrix import LANES, SCALE, Constraints, Index, Matrix, Shorts, Workspace

SMALLEST = 256  # two weights as low still have a product of 1 >> 16, so that a sum of 0 means no shared term
TILE = 32768  # rows whose sums are added up before the next: 2 MB
SHORT, WORD, LONG = ir.IntType(16), ir.IntType(32), ir.IntType(64)
VECTOR, WIDE = ir.VectorType(SHORT, LANES), ir.VectorType(WORD, LANES)
KINDS = {"v": VECTOR, "s": SHORT, "w": WORD}
BUILD: Any = cgutils
ARRAY: Any = make_array


def _instruction(kinds: str, answer: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that builds code one for compiled loops; they call it with a tuple.

    The kinds of its values are arrays (v: of vectors, s: of uint16, w: of uint32), given as pointers, and numbers.
    """

    def decorate(build: Callable[..., Any]) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            parts = []
            for i, (kind, of) in enumerate(zip(kinds, signature.args[0].types, strict=True)):
                value = builder.extract_value(values[0], i)
                if kind in KINDS:
                    value = builder.bitcast(ARRAY(of)(context, builder, value).data, KINDS[kind].as_pointer())
                parts.append(value)
            result = build(builder, *parts)
            return context.get_dummy_value() if result is None else result

        def typed(_: Any, values: Any) -> Any:
            return answer(values), code

        return intrinsic(typed)

    return decorate


def _load(builder: Any, pointer: Any, at: Any) -> Any:
    return builder.load(builder.gep(pointer, [at]), align=2)


def _store(builder: Any, value: Any, pointer: Any, at: Any) -> None:
    builder.store(value, builder.gep(pointer, [at]), align=2)


def _everywhere(builder: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.Constant(WORD, 0))
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), ir.Constant(WIDE, [0] * LANES))


def _plus(builder: Any, one: Any, other: Any) -> Any:
    of = ir.FunctionType(VECTOR, [VECTOR, VECTOR])
    return builder.call(BUILD.get_or_insert_function(builder.module, of, f"llvm.uadd.sat.v{LANES}i16"), [one, other])


def _times(builder: Any, one: Any, other: Any) -> Any:
    """Give the upper half of the products."""
    product = builder.mul(builder.zext(one, WIDE), builder.zext(other, WIDE))
    return builder.trunc(builder.lshr(product, ir.Constant(WIDE, [16] * LANES)), VECTOR)


def _number(builder: Any, pointer: Any, at: Any) -> Any:
    return builder.zext(builder.load(builder.gep(pointer, [at])), LONG)


@_instruction("v...ssv", types.void)
def add_row(builder: Any, *values: Any) -> None:
    """Add to row y of the sums: table[terms[p]] * weights[p] >> 16 for every p from start to stop."""
    sums, y, start, stop, terms, weights, table = values
    total = BUILD.alloca_once(builder, VECTOR)
    builder.store(_load(builder, sums, y), total)
    with BUILD.for_range_slice(builder, start, stop, LONG(1), LONG) as (p, _):
        weight = _everywhere(builder, builder.load(builder.gep(weights, [p])))
        product = _times(builder, _load(builder, table, _number(builder, terms, p)), weight)
        builder.store(_plus(builder, builder.load(total), product), total)
    _store(builder, builder.load(total), sums, y)


@_instruction("v..wsv.", types.void)
def add_column(builder: Any, *values: Any) -> None:
    """Add to row rows[p] of the sums: table[at] * weights[p] >> 16 for every p from start to stop."""
    sums, start, stop, rows, weights, table, at = values
    factor = _load(builder, table, at)
    with BUILD.for_range_slice(builder, start, stop, LONG(1), LONG) as (p, _):
        y = _number(builder, rows, p)
        weight = _everywhere(builder, builder.load(builder.gep(weights, [p])))
        _store(builder, _plus(builder, _load(builder, sums, y), _times(builder, factor, weight)), sums, y)


@_instruction("v.v.", types.void)
def raise_maximum(builder: Any, *values: Any) -> None:
    """Set row at of the maxima to the higher of it and row y of the sums, lane by lane."""
    maxima, at, sums, y = values
    one, other = _load(builder, maxima, at), _load(builder, sums, y)
    _store(builder, builder.select(builder.icmp_unsigned("<", one, other), other, one), maxima, at)


@_instruction("v.vv.", types.uint32)
def lanes_reaching(builder: Any, *values: Any) -> Any:
    """Give a bit for every lane whose sum is not 0 and, with its slack, reaches its threshold or the given one."""
    sums, y, slack, thresholds, threshold = values
    total, own, given = _load(builder, sums, y), _load(builder, thresholds, LONG(0)), _everywhere(builder, threshold)
    needed = builder.select(builder.icmp_unsigned("<", own, given), own, given)
    upper = _plus(builder, total, _load(builder, slack, LONG(0)))
    enough = builder.icmp_unsigned(">=", upper, needed)
    there = builder.icmp_unsigned("!=", total, ir.Constant(VECTOR, [0] * LANES))
    return builder.bitcast(builder.and_(enough, there), WORD)


@part
def _short(weight: float) -> Any:
    """Round a weight of 0 to 1 up to a whole number of 65,535, at least SMALLEST."""
    return np.uint16(min(max(np.ceil(weight * SCALE), SMALLEST), SCALE))


@compiled
def fill(terms: Matrix, index: Index) -> None:
    """Write both halves of the index."""
    place = index.starts[:-1].copy()
    at = 0
    for x in range(terms.ptr.size - 1):
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term, weight = terms.terms[p], _short(terms.weights[p])
            if term < index.frequent:
                index.terms[at], index.weights[at] = term, weight
                at += 1
            else:
                index.rows[place[term]], index.shares[place[term]] = x, weight
                place[term] += 1
        index.ptr[x + 1] = at


@part
def _gather(terms: Matrix, index: Index, workspace: Workspace, span: Span) -> int:
    """Write the asking rows' weights side by side; count the block's other terms."""
    slots, table, frequent = workspace.slots, workspace.table, index.frequent
    names, ends, lanes, shares = workspace.others[0], workspace.others[1], workspace.others[2], workspace.others[3]
    table[:frequent] = 0
    count, used = 0, frequent
    for x in range(span[0], span[1]):
        lane = x - span[0]
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term, weight = terms.terms[p], _short(terms.weights[p])
            if term < frequent:
                table[term, lane] = weight
                continue
            slot = slots[term]
            if slot < 0:
                slots[term] = count
                names[count], ends[count], lanes[count], shares[count] = term, index.starts[term], lane, weight
                count += 1
                continue
            if lanes[slot] >= 0:
                table[used] = 0
                table[used, lanes[slot]] = shares[slot]
                lanes[slot] = -1 - used
                used += 1
            table[-1 - lanes[slot], lane] = weight
    return count


@part
def _add_others(index: Index, workspace: Workspace, count: int, stop: int) -> None:
    """Add up the postings before row stop."""
    names, ends, lanes, shares = workspace.others[0], workspace.others[1], workspace.others[2], workspace.others[3]
    rows, weights, sums = index.rows, index.shares, workspace.sums
    for slot in range(count):
        start, last = ends[slot], index.starts[names[slot] + 1]
        end = start
        while end < last and rows[end] < stop:
            end += 1
        ends[slot] = end
        lane = lanes[slot]
        if lane < 0:
            add_column((sums, start, end, rows, weights, workspace.table, -1 - lane))
            continue
        share = shares[slot]
        for p in range(start, end):
            sums[rows[p], lane] = min(sums[rows[p], lane] + (share * weights[p] >> 16), SCALE)


@part
def _add_up(terms: Matrix, index: Index, workspace: Workspace, span: Span) -> None:
    """Bound the scores of the span's rows with every row before its end."""
    sums, count = workspace.sums, _gather(terms, index, workspace, span)
    for start in range(0, span[1], TILE):
        stop = min(start + TILE, span[1])
        sums[start:stop] = 0
        _add_others(index, workspace, count, stop)
        for y in range(start, stop):
            add_row((sums, y, index.ptr[y], index.ptr[y + 1], index.terms, index.weights, workspace.table))
    for slot in range(count):
        workspace.slots[workspace.others[0, slot]] = -1


@part
def _forbid(constraints: Constraints, sums: Shorts, span: Span) -> None:
    """Leave out the pairs of a row with itself, with rows after it and with its family."""
    for x in range(span[0], span[1]):
        lane = x - span[0]
        sums[x : span[1], lane] = 0
        family = constraints.families[x]
        for i in range(constraints.bounds[family], constraints.bounds[family + 1]):
            if constraints.members[i] < x:
                sums[constraints.members[i], lane] = 0


@part
def _find_thresholds(workspace: Workspace, k: int, stop: int) -> None:
    """Set every lane's threshold to the k-th highest of its maxima, bit by bit; to the top for too few."""
    maxima, thresholds = workspace.maxima, workspace.thresholds
    maxima[:] = 0
    for y in range(stop):
        raise_maximum((maxima, y % maxima.shape[0], workspace.sums, y))
    counts, probes = np.empty(LANES, np.uint16), np.empty(LANES, np.uint16)
    thresholds[:] = 0
    for bit in range(15, -1, -1):
        counts[:] = 0
        for lane in range(LANES):
            probes[lane] = thresholds[lane] | (1 << bit)
        for i in range(maxima.shape[0]):
            for lane in range(LANES):
                counts[lane] += np.uint16(maxima[i, lane] >= probes[lane])
        for lane in range(LANES):
            if counts[lane] >= k:
                thresholds[lane] = probes[lane]
    for lane in range(LANES):
        if thresholds[lane] == 0:
            thresholds[lane] = SCALE


@part
def _set_thresholds(terms: Matrix, constraints: Constraints, workspace: Workspace, span: Span) -> None:
    """Set each lane's threshold to its list's least bound, its slack to its terms: a product loses less than 1."""
    for lane in range(LANES):
        x = span[0] + lane
        if x < span[1]:
            workspace.thresholds[lane] = constraints.least_bounds[x]
            workspace.slack[lane] = min(terms.ptr[x + 1] - terms.ptr[x], SCALE)


@part
def _collect(constraints: Constraints, workspace: Workspace, span: Span, state: Span) -> Span:
    """Note pairs that reach a threshold, from row y on, while there is capacity for a row's; a pair comes once."""
    turn, y = state
    hits, count = workspace.hits, 0
    while y < span[1] and count + LANES <= hits.shape[1]:
        threshold = constraints.least_bounds[y] if turn else np.uint16(SCALE)
        bits = lanes_reaching((workspace.sums, y, workspace.slack, workspace.thresholds, threshold))
        if bits:
            for lane in range(LANES):
                if bits >> lane & 1:
                    hits[0, count], hits[1, count] = y, lane
                    workspace.sums[y, lane] = 0
                    count += 1
        y += 1
    return y, count


@compiled
def search(
    terms: Matrix, index: Index, constraints: Constraints, workspace: Workspace, task: tuple[Span, Span, int]
) -> tuple[Span, int]:
    """Note pairs of a span's rows with rows before them, while there is room; give the next state and the count.

    A state is a turn and a row. The first turn takes the k highest sums, which brings a list's end near its
    final value; the second every pair whose bound reaches what the list of either row needs.
    """
    span, state, k = task
    turn, y = state
    if y == 0:
        if turn == 0:
            _add_up(terms, index, workspace, span)
            _forbid(constraints, workspace.sums, span)
            _find_thresholds(workspace, k, span[1])
            workspace.slack[:] = 0
        else:
            _set_thresholds(terms, constraints, workspace, span)
    y, count = _collect(constraints, workspace, span, (turn, y))
    if y == span[1]:
        turn, y = turn + 1, 0
    return (turn, y), count
