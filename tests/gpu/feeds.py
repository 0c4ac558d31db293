"""Inputs of a model for a check: ragged sizes, and values that ids, masks and floats may have."""

import numpy as np

DTYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32, "i8": np.int8, "u8": np.uint8,
          "bool": np.bool_}
# Sizes of the symbols, in turn: ones, and what fills no block of a kernel.
WANTED = [[1, 1, 1, 1], [2, 37, 5, 3]]


def sizes_of(symbols, wanted):
    """Values of the symbols that are as near to the wanted ones as they allow; a single one gets the largest."""
    sizes = {}
    if len(symbols) == 1:
        wanted = [max(wanted)]
    for (name, (least, most, divisor)), size in zip(symbols.items(), wanted * (len(symbols) // len(wanted) + 1)):
        size = max(size, least)
        size = -(-size // divisor) * divisor
        sizes[name] = min(size, most) if most else size
    return sizes


def dim_of(dim, sizes):
    """Dims are numbers, symbols or formulas of them as tenon inspect prints them."""
    return dim if isinstance(dim, int) else int(eval(dim, {"__builtins__": {}}, dict(sizes)))


def integers(name, shape, dtype, random):
    if "mask" in name:
        mask = np.ones(shape, dtype)
        if mask.ndim > 1 and shape[-1] > 2:
            mask[0, ..., -2:] = 0  # the first row is padded
        return mask
    if "type" in name or dtype == np.bool_:
        return random.integers(0, 2, shape).astype(dtype)
    return random.integers(0, 100, shape).astype(dtype)


def feeds_of(signature, sizes, seed=0):
    random = np.random.default_rng(seed)
    feeds = {}
    for tensor in signature.inputs:
        shape, dtype = [dim_of(dim, sizes) for dim in tensor.dims], DTYPES[tensor.dtype]
        if np.issubdtype(dtype, np.floating):
            feeds[tensor.name] = random.standard_normal(shape).astype(dtype)
        else:
            feeds[tensor.name] = integers(tensor.name, shape, dtype, random)
    return feeds
