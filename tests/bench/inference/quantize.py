"""The two int8 forms of a model, as ONNX Runtime's tools write them."""

import pathlib
import tempfile

import onnxruntime
from cases import make_feeds
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class OneFeed(CalibrationDataReader):
    """The inputs of a case, once: what the ranges are does not change the speed."""

    def __init__(self, path, case):
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        feeds = make_feeds(case)
        self.feeds = iter([{value.name: feeds[value.name] for value in session.get_inputs()}])

    def get_next(self):
        return next(self.feeds, None)


def with_inferred_shapes(floats, folder):
    path = pathlib.Path(folder) / "inferred.onnx"
    quant_pre_process(str(floats), str(path), skip_symbolic_shape=True)
    return path


def quantize_dynamically(floats, path):
    """Weights i8, activations u8 by ranges that each run finds."""
    with tempfile.TemporaryDirectory() as folder:
        inferred = with_inferred_shapes(floats, folder)
        quantize_dynamic(inferred, path, weight_type=QuantType.QInt8)


def quantize_statically(floats, path, case):
    """QuantizeLinear and DequantizeLinear around each matmul; activations u8, weights i8 by channel."""
    with tempfile.TemporaryDirectory() as folder:
        inferred = with_inferred_shapes(floats, folder)
        quantize_static(inferred, path, OneFeed(inferred, case), quant_format=QuantFormat.QDQ,
                        op_types_to_quantize=["MatMul", "Gemm"], per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
