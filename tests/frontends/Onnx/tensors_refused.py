"""Writes models whose one tensor is wrong in one way each.

usage: tensors_refused.py <folder of the models> <another folder>
"""

import pathlib
import sys

from onnx import TensorProto, helper


def external(**entries):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def inline(data_type=TensorProto.FLOAT, dims=(4,), **fields):
    return TensorProto(name="w", data_type=data_type, dims=dims, **fields)


TENSORS = {
    "absolute": external(location="/etc/passwd"),
    "bool_list": inline(TensorProto.BOOL, float_data=[1, 2, 3, 4]),
    "complex": inline(TensorProto.COMPLEX64, raw_data=bytes(32)),
    "folder": external(location="."),
    "huge": inline(dims=[1 << 62, 4], raw_data=bytes(16)),
    "length": external(location="data.bin", length="12"),
    "link": external(location="link.bin"),
    "list": inline(float_data=[1, 2, 3]),
    "missing": external(location="nothing.bin"),
    "negative": inline(dims=[-4], raw_data=bytes(16)),
    "no_location": external(offset="0"),
    "no_number": external(location="data.bin", offset="8x"),
    "offset": external(location="data.bin", offset=str(2**64 - 4)),
    "outside": external(location="sub/../../other/data.bin"),
    "raw": inline(raw_data=bytes(12)),
    "segment": inline(float_data=[1, 2, 3, 4], segment=TensorProto.Segment(begin=0, end=4)),
    "short": external(location="data.bin", offset="60"),
    "untyped": inline(0, raw_data=bytes(16)),
}

folder, other = map(pathlib.Path, sys.argv[1:])
(folder / "data.bin").write_bytes(bytes(64))
(other / "data.bin").write_bytes(bytes(64))
(folder / "link.bin").symlink_to(other.resolve() / "data.bin")
for name, tensor in TENSORS.items():
    graph = helper.make_graph([], "g", [], [helper.make_empty_tensor_value_info("w")], [tensor])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
(folder / "text.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
(folder / "zero.onnx").write_bytes(b"")
