"""A model whose tensors are stored in each way that ONNX has.

usage: weights.py write <model.onnx>
       weights.py check < <module>     reads each reference's bytes and compares
"""

import pathlib
import re
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RAW = {
    "raw": np.arange(260, dtype=np.float32).reshape(4, 65),
    "external": np.arange(264, dtype=np.float32).reshape(2, 3, 44) / 8,
    "of_node": np.arange(4097, dtype=np.int64) - 4,
    "bits": np.arange(32769) % 3 == 0,
    "bytes": np.arange(65, dtype=np.int8),
}


def external(name, array, offset):
    tensor = numpy_helper.from_array(array, name)
    data = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "data/weights.bin", "offset": str(offset), "length": str(len(data))}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor, data


def write(path):
    pathlib.Path("data").mkdir(exist_ok=True)
    large, large_data = external("external", RAW["external"], 32)
    small, small_data = external("external_small", np.array([0, 1], np.float32), 8)
    pathlib.Path("data/weights.bin").write_bytes(b"\xff" * 8 + small_data + b"\xff" * 16 + large_data)

    nibbles = TensorProto(name="nibbles", data_type=TensorProto.INT4, dims=[129], raw_data=bytes(65))
    few = TensorProto(name="few_nibbles", data_type=TensorProto.INT4, dims=[3], raw_data=b"\xe1\x07")
    half = TensorProto(name="half", data_type=TensorProto.FLOAT16, dims=[2], int32_data=[0x3E00, 0xC000])
    tensors = [
        numpy_helper.from_array(RAW["raw"], "raw"),
        numpy_helper.from_array(np.arange(256, dtype=np.float32).reshape(16, 16), "edge"),  # 1 KiB
        large,
        small,
        helper.make_tensor("typed", TensorProto.INT64, [40], range(40)),
        numpy_helper.from_array(np.arange(4096, dtype=np.int64), "positions"),  # 32 KiB
        numpy_helper.from_array(RAW["bits"], "bits"),
        numpy_helper.from_array(RAW["bytes"], "bytes"),
        nibbles,
        few,
        half,
        helper.make_tensor("bools", TensorProto.BOOL, [2], [True, False]),
        helper.make_tensor("empty", TensorProto.FLOAT, [0], []),
    ]
    constant = helper.make_node("Constant", [], ["of_node"], value=numpy_helper.from_array(RAW["of_node"]))
    order = ["raw", "edge", "external", "external_small", "typed", "of_node", "positions",
             "bits", "bytes", "nibbles", "few_nibbles", "half", "bools", "empty"]  # fmt: skip
    outputs = [helper.make_empty_tensor_value_info(name) for name in order]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    # Before IR version 4 initializers are inputs too.
    raw = helper.make_tensor_value_info("raw", TensorProto.FLOAT, [4, 65])
    graph = helper.make_graph([constant], "g", [x, raw], outputs, tensors)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    pathlib.Path(path).write_bytes(model.SerializeToString())


def check(module):
    found = {}
    for store, name, at, size in re.findall(r'<"([^"]+)" name "(\w+)" at (\d+) bytes (\d+)>', module):
        data = pathlib.Path(store).read_bytes()
        found[name] = data[int(at) : int(at) + int(size)]
    for name, array in RAW.items():
        if found.get(name) != array.tobytes():
            sys.exit(f"{name}: expected {array.tobytes()!r}, got {found.get(name)!r}")


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1] == "write" else check(sys.stdin.read())
