"""Weight-only forms of a model: its matrices in 4 or 8 bits, in groups along the contracted dim."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class FewBits:
    bits: int
    group: int  # rows of a column that share a scale
    is_qdq: bool  # DequantizeLinear before MatMul; else MatMulNBits


def few_bits(form):
    """What i4g32 or i4g128qdq says; None for other forms."""
    parts = re.fullmatch(r"i(\d)g(\d+)(qdq)?", form)
    return FewBits(int(parts[1]), int(parts[2]), bool(parts[3])) if parts else None


def quantize_weights(floats, path, form):
    """Rounded to nearest by ONNX Runtime's tool; symmetric, so without zero points. Activations stay floats."""
    import logging
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer, QuantFormat
    weights = few_bits(form)
    model = onnx.load(floats)
    if weights.is_qdq:  # the first operator set with 4 bits and blocks
        model = onnx.version_converter.convert_version(model, 21)
    quantizer = MatMulNBitsQuantizer(
        model, bits=weights.bits, block_size=weights.group, is_symmetric=True,
        quant_format=QuantFormat.QDQ if weights.is_qdq else QuantFormat.QOperator)  # fmt: skip
    logging.disable(logging.INFO)  # a line for each node
    quantizer.process()
    onnx.save(quantizer.model.model, path)
