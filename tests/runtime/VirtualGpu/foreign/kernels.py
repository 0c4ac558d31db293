"""Kernels in the manner of Triton's tutorials, written for these tests."""

import triton
import triton.language as tl


@triton.jit
def matmul(a, b, c, m, n, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr):
    """C = A B in bf16, sums in f32, blocks in groups of rows that share columns of B."""
    pid = tl.program_id(0)
    rows, columns = tl.cdiv(m, BM), tl.cdiv(n, BN)
    in_group = GROUP * columns
    first = pid // in_group * GROUP
    height = min(rows - first, GROUP)
    row = first + pid % in_group % height
    column = pid % in_group // height
    at_m = row * BM + tl.arange(0, BM)
    at_n = column * BN + tl.arange(0, BN)
    at_k = tl.arange(0, BK)
    from_a = a + (at_m % m)[:, None] * k + at_k[None, :]
    from_b = b + at_k[:, None] * n + (at_n % n)[None, :]
    sums = tl.zeros((BM, BN), dtype=tl.float32)
    for step in range(0, tl.cdiv(k, BK)):
        left = k - step * BK
        x = tl.load(from_a, mask=at_k[None, :] < left, other=0.0)
        y = tl.load(from_b, mask=at_k[:, None] < left, other=0.0)
        sums = tl.dot(x, y, sums)
        from_a += BK
        from_b += BK * n
    inside = (at_m[:, None] < m) & (at_n[None, :] < n)
    tl.store(c + at_m[:, None] * n + at_n[None, :], sums.to(tl.bfloat16), mask=inside)


@triton.jit
def row_product(y, x, w, columns, depth, BN: tl.constexpr, BK: tl.constexpr):
    """One row of bf16 times a matrix: what is read is multiplied at once."""
    at_n = tl.program_id(0) * BN + tl.arange(0, BN)
    sums = tl.zeros([BN], dtype=tl.float32)
    for first in range(0, depth, BK):
        at_k = first + tl.arange(0, BK)
        row = tl.load(x + at_k, mask=at_k < depth, other=0.0).to(tl.float32)
        inside = (at_k[:, None] < depth) & (at_n[None, :] < columns)
        part = tl.load(w + at_k[:, None] * columns + at_n[None, :], mask=inside, other=0.0).to(tl.float32)
        sums += tl.sum(row[:, None] * part, axis=0)
    tl.store(y + at_n, sums.to(tl.bfloat16), mask=at_n < columns)


@triton.jit
def softmax(y, x, columns, WIDTH: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, WIDTH)
    values = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf"))
    values = tl.exp(values - tl.max(values, axis=0))
    tl.store(y + row * columns + at, values / tl.sum(values, axis=0), mask=at < columns)


@triton.jit
def rms_norm(y, total, x, residual, weight, columns, WIDTH: tl.constexpr):
    """total = x + residual, y = total / rms(total) * weight; all in bf16 but the sums."""
    row = tl.program_id(0)
    at = tl.arange(0, WIDTH)
    inside = at < columns
    value = tl.load(x + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    value += tl.load(residual + row * columns + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(total + row * columns + at, value.to(tl.bfloat16), mask=inside)
    scale = 1 / tl.sqrt(tl.sum(value * value, axis=0) / columns + 1e-5)
    value = value * scale * tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + row * columns + at, value.to(tl.bfloat16), mask=inside)


@triton.jit
def layer_norm(y, x, weight, bias, columns, WIDTH: tl.constexpr):
    row = tl.program_id(0)
    total = tl.zeros([WIDTH], dtype=tl.float32)
    for first in range(0, columns, WIDTH):
        at = first + tl.arange(0, WIDTH)
        total += tl.load(x + row * columns + at, mask=at < columns, other=0.0)
    mean = tl.sum(total, axis=0) / columns
    squares = tl.zeros([WIDTH], dtype=tl.float32)
    for first in range(0, columns, WIDTH):
        at = first + tl.arange(0, WIDTH)
        value = tl.load(x + row * columns + at, mask=at < columns, other=0.0)
        value = tl.where(at < columns, value - mean, 0.0)
        squares += value * value
    scale = 1 / tl.sqrt(tl.sum(squares, axis=0) / columns + 1e-5)
    for first in range(0, columns, WIDTH):
        at = first + tl.arange(0, WIDTH)
        inside = at < columns
        value = (tl.load(x + row * columns + at, mask=inside) - mean) * scale
        value = value * tl.load(weight + at, mask=inside) + tl.load(bias + at, mask=inside)
        tl.store(y + row * columns + at, value, mask=inside)


@triton.jit
def attention(o, q, k, v, scale, length, BM: tl.constexpr, BN: tl.constexpr, WIDTH: tl.constexpr):
    """Causal, one head for each program_id(1); softmax on the way, in powers of two."""
    first, head = tl.program_id(0) * BM, tl.program_id(1) * length * WIDTH
    at_m, at_n, at_d = first + tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, WIDTH)
    query = tl.load(q + head + at_m[:, None] * WIDTH + at_d[None, :], mask=at_m[:, None] < length, other=0.0)
    most = tl.full([BM], -float("inf"), dtype=tl.float32)
    total = tl.zeros([BM], dtype=tl.float32)
    sums = tl.zeros([BM, WIDTH], dtype=tl.float32)
    for start in range(0, min(first + BM, length), BN):
        at = start + at_n
        key = tl.load(k + head + at[None, :] * WIDTH + at_d[:, None], mask=at[None, :] < length, other=0.0)
        scores = tl.dot(query, key) * scale
        seen = (at[None, :] <= at_m[:, None]) & (at[None, :] < length)
        scores = tl.where(seen, scores, -float("inf"))
        now = tl.maximum(most, tl.max(scores, 1))
        weights = tl.exp2(scores - now[:, None])
        rest = tl.exp2(most - now)
        total = total * rest + tl.sum(weights, 1)
        value = tl.load(v + head + at[:, None] * WIDTH + at_d[None, :], mask=at[:, None] < length, other=0.0)
        sums = tl.dot(weights.to(tl.bfloat16), value, sums * rest[:, None])
        most = now
    place = o + head + at_m[:, None] * WIDTH + at_d[None, :]
    tl.store(place, (sums / total[:, None]).to(tl.bfloat16), mask=at_m[:, None] < length)


@triton.jit
def decode(parts, sums_of, q, k, v, scale, length, SPAN: tl.constexpr, BN: tl.constexpr, WIDTH: tl.constexpr):
    """A query for each head, over SPAN keys for each program_id(1): what they give, and log2 of their sum."""
    head, span = tl.program_id(0), tl.program_id(1)
    at_n, at_d = tl.arange(0, BN), tl.arange(0, WIDTH)
    query = tl.load(q + head * WIDTH + at_d).to(tl.float32) * scale
    most = -float("inf")
    total = 0.0
    sums = tl.zeros([WIDTH], dtype=tl.float32)
    end = min(span * SPAN + SPAN, length)
    for start in range(span * SPAN, end, BN):
        at = start + at_n
        place = (head * length + at[:, None]) * WIDTH + at_d[None, :]
        key = tl.load(k + place, mask=at[:, None] < end, other=0.0).to(tl.float32)
        scores = tl.where(at < end, tl.sum(query[None, :] * key, 1), -float("inf"))
        now = tl.maximum(most, tl.max(scores, 0))
        weights = tl.exp2(scores - now)
        rest = tl.exp2(most - now)
        total = total * rest + tl.sum(weights, 0)
        value = tl.load(v + place, mask=at[:, None] < end, other=0.0).to(tl.float32)
        sums = sums * rest + tl.sum(weights[:, None] * value, 0)
        most = now
    part = head * tl.num_programs(1) + span
    tl.store(parts + part * WIDTH + at_d, sums / total)
    tl.store(sums_of + part, most + tl.log2(total))


@triton.jit
def merge(o, parts, sums_of, SPANS: tl.constexpr, WIDTH: tl.constexpr):
    """The parts of a head, each as heavy as its sum."""
    head = tl.program_id(0)
    at_s, at_d = tl.arange(0, SPANS), tl.arange(0, WIDTH)
    sums = tl.load(sums_of + head * SPANS + at_s)
    weights = tl.exp2(sums - tl.max(sums, 0))
    part = tl.load(parts + (head * SPANS + at_s[:, None]) * WIDTH + at_d[None, :])
    tl.store(o + head * WIDTH + at_d, (tl.sum(part * weights[:, None], 0) / tl.sum(weights, 0)).to(tl.bfloat16))
