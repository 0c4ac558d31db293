"""Launches blocks of CUB's, and compares them with NumPy."""

import pathlib
import tempfile

import numpy as np

from cutlass_gemm import HERE, nvcc

BLOCKS, EACH, THREADS = 3, 512, 128


def compiled(arch):
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder, "cub.ptx")
        nvcc(arch, HERE / "Cub.cu", text, "-ptx")
        return text.read_text()


def differing(runner):
    """The names of results that are not NumPy's."""
    device, text = runner.device, compiled(runner.arch)
    keys = runner.random.integers(0, 1000, (BLOCKS, EACH), dtype=np.uint32)
    values = np.arange(keys.size, dtype=np.uint32).reshape(keys.shape)
    places = [device.upload(each) for each in (keys, values)]
    device.launch(text, "sortPairs", (BLOCKS, 1, 1), THREADS, 0, places)
    order = keys.argsort(1, kind="stable")
    numbers = runner.random.integers(-99, 99, (BLOCKS, EACH), dtype=np.int32)
    sums, largest = device.allocate(numbers.nbytes), device.allocate(4 * BLOCKS)
    device.launch(text, "scanAndReduce", (BLOCKS, 1, 1), THREADS, 0, [device.upload(numbers), sums, largest])
    found = {"keys": (device.download(places[0], keys.shape, np.uint32), np.take_along_axis(keys, order, 1)),
             "values": (device.download(places[1], keys.shape, np.uint32), np.take_along_axis(values, order, 1)),
             "sums": (device.download(sums, numbers.shape, np.int32), numbers.cumsum(1, dtype=np.int32)),
             "largest": (device.download(largest, BLOCKS, np.int32), numbers.max(1))}
    return [name for name, (result, expected) in found.items() if not np.array_equal(result, expected)]
