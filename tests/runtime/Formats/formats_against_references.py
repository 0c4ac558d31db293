"""Passes arrays through our readers and writers, and compares with the formats' own libraries.

usage: formats_against_references.py <formats-driver>

The driver reads one file and writes another; the library wrote the first and
reads the second.
"""

import itertools
import pathlib
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np
import onnx
import onnx.numpy_helper
import safetensors
import safetensors.numpy

PLAIN = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
SHAPES = [(), (1,), (7,), (0, 3), (2, 3), (4, 1, 5), (2, 3, 4, 5)]
NARROW = [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2]
# What NumPy has no type for comes back as its bits.
BITS = {1: np.uint8, 2: np.uint16}

random = np.random.default_rng(1)
compared = differing = 0


def array(dtype, shape):
    """Any bits at all, but that a bool is 0 or 1."""
    dtype = np.dtype(dtype)
    if dtype == bool:
        return random.integers(0, 2, shape).astype(bool)
    count = int(np.prod(shape)) * dtype.itemsize
    return np.frombuffer(random.bytes(count), dtype).reshape(shape)


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def check(what, expected, found):
    global compared, differing
    compared += 1
    if not same(np.asarray(expected), np.asarray(found)):
        differing += 1
        print(f"{what}: expected {expected.dtype}{expected.shape} {expected.tobytes()[:40]}\n"
              f"  got {found.dtype}{found.shape} {found.tobytes()[:40]}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp())

    def convert(source, target):
        subprocess.run([sys.argv[1], folder / source, folder / target], check=True)
        return folder / target

    arrays = {f"{dtype}-{i}": array(dtype, shape) for dtype in PLAIN for i, shape in enumerate(SHAPES)}

    for kind, version in itertools.product(["C", "F", ">"], [(1, 0), (2, 0), (3, 0)]):
        for dtype in PLAIN:
            written = array(dtype, (3, 4, 2))
            stored = written.astype(written.dtype.newbyteorder(">")) if kind == ">" else np.asarray(written, order=kind)
            with open(folder / "in.npy", "wb") as file:
                np.lib.format.write_array(file, stored, version=version)
            check(f"npy {dtype} {kind} {version}", written, np.load(convert("in.npy", "out.npy")))
    np.save(folder / "in.npy", array(ml_dtypes.bfloat16, (3, 2)))
    bits = np.load(folder / "in.npy").view(np.uint16)  # NumPy reads it as two void bytes
    check("npy bf16", bits, np.load(convert("in.npy", "out.npy")))

    for save in [np.savez, np.savez_compressed]:
        save(folder / "in.npz", **arrays)
        with np.load(convert("in.npz", "out.npz")) as found:
            assert list(found) == list(arrays)
            for name, written in arrays.items():
                check(f"{save.__name__} {name}", written, found[name])

    narrow = {f"{np.dtype(dtype)}-{i}": array(dtype, shape) for dtype in NARROW for i, shape in enumerate(SHAPES)}
    safetensors.numpy.save_file(arrays | narrow, folder / "in.safetensors", {"format": "np"})
    written, found = (dict(safetensors.deserialize((folder / name).read_bytes()))
                      for name in ["in.safetensors", convert("in.safetensors", "out.safetensors")])
    assert len(written) == len(arrays | narrow) and written.keys() == found.keys()
    for name, tensor in written.items():
        assert (tensor["dtype"], tensor["shape"]) == (found[name]["dtype"], found[name]["shape"])
        check(f"safetensors {name}", *(np.frombuffer(t["data"], np.uint8) for t in (tensor, found[name])))

    for name, written in (arrays | narrow).items():
        number = onnx.helper.np_dtype_to_tensor_dtype(written.dtype)
        protos = {"raw": onnx.numpy_helper.from_array(written, name)}
        if written.dtype not in NARROW and written.dtype != np.float16:
            protos["values"] = onnx.helper.make_tensor(name, number, written.shape, written.flatten().tolist())
        for form, proto in protos.items():
            (folder / "in.pb").write_bytes(proto.SerializeToString())
            with np.load(convert("in.pb", "out.npz")) as file:
                result = file[name]
            expected = written.view(BITS[written.dtype.itemsize]) if written.dtype in NARROW else written
            check(f"TensorProto {form} {name}", expected, result)
            copy = onnx.load_tensor(convert("in.pb", "out.pb"))
            onnx.checker.check_tensor(copy)
            assert (copy.name, copy.data_type) == (name, number)
            check(f"TensorProto {form} {name} written", written, onnx.numpy_helper.to_array(copy))

    print(f"{compared} arrays compared, {differing} differ")
    return differing != 0 or compared < 400


if __name__ == "__main__":
    sys.exit(main())
