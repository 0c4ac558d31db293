"""Norms, softmax and elementwise chains: beside a copy of as many bytes, in a cache and in memory."""

import dataclasses

import torch
from onnx import helper
from row import Bar, Row, Runner
from sizes import CACHED_BYTES, beyond_caches
from tensors import DTYPES, Latest, initializer, make_model, random_tensor, value
from torch.nn import functional

WIDTH = 768
NORM_SHARE = {"cached": 0.85, "memory": 0.95}
OTHER_SHARE = 0.85
FAN, FAN_ROWS = 8, 85  # so many functions of each element of so many rows: what they read takes little of the time


@dataclasses.dataclass(frozen=True)
class Op:
    nodes: tuple  # (type, inputs, output, attributes)
    torch: object  # the same by PyTorch, of the inputs and the weights
    inputs: tuple = ("x",)
    weights: tuple = ()
    function: str = ""  # what it computes of each element, where that may take longer than a copy
    is_norm: bool = False


OPS = {
    "layernorm": Op((("LayerNormalization", ["x", "scale", "bias"], "y", {"epsilon": 1e-5}),),
                    lambda x, scale, bias: functional.layer_norm(x, [WIDTH], scale, bias, 1e-5),
                    weights=("scale", "bias"), is_norm=True),
    "rmsnorm": Op((("RMSNormalization", ["x", "scale"], "y", {"epsilon": 1e-5}),),
                  lambda x, scale: functional.rms_norm(x, [WIDTH], scale, 1e-5), weights=("scale",), is_norm=True),
    "softmax": Op((("Softmax", ["x"], "y", {}),), lambda x: functional.softmax(x, -1), function="exp"),
    "gelu": Op((("Gelu", ["x"], "y", {}),), functional.gelu, function="gelu"),
    "silu-mul": Op((("Sigmoid", ["x"], "s", {}), ("Mul", ["x", "s"], "g", {}), ("Mul", ["g", "u"], "y", {})),
                   lambda x, u: functional.silu(x) * u, inputs=("x", "u"), function="silu"),
    "add": Op((("Add", ["x", "u"], "y", {}),), torch.add, inputs=("x", "u")),
}  # fmt: skip

# Of each function of {0}, its nodes; its value is y{1}.
FUNCTIONS = {"exp": [("Exp", "{0}", "y{1}")], "gelu": [("Gelu", "{0}", "y{1}")],
             "silu": [("Sigmoid", "{0}", "s{1}"), ("Mul", "{0} s{1}", "y{1}")]}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class RowWise(Row):
    op: str
    place: str  # cached or memory
    precision: str
    threads: int

    group = "rowwise"

    @property
    def title(self):
        return f"{self.op} {self.place}"

    @property
    def artifact(self):
        return f"{self.op}-{self.precision}"

    @property
    def dtype(self):
        return DTYPES[self.precision]

    @property
    def num_rows(self):
        """So that all tensors together have about the bytes of the place."""
        tensors = len(OPS[self.op].inputs) + 1
        return round(bytes_at(self.place) / (tensors * WIDTH * self.dtype.itemsize))

    @property
    def bytes(self):
        return (len(OPS[self.op].inputs) + 1) * self.num_rows * WIDTH * self.dtype.itemsize

    def model(self):
        op, shape = OPS[self.op], ["R", WIDTH]
        nodes = [helper.make_node(kind, inputs, [output], **options) for kind, inputs, output, options in op.nodes]
        constants = [initializer(*weight) for weight in self.weights().items()]
        return make_model(nodes, [value(name, self.dtype, shape) for name in op.inputs], value("y", self.dtype, shape),
                          constants)  # fmt: skip

    def weights(self):
        return {name: random_tensor((WIDTH,), self.dtype, seed) for seed, name in enumerate(OPS[self.op].weights, 10)}

    def feeds(self):
        """One block of random numbers, again and again."""
        rows = min(self.num_rows, 1000)
        blocks = [random_tensor((rows, WIDTH), self.dtype, seed) for seed in range(len(OPS[self.op].inputs))]
        repeats = -(-self.num_rows // rows)
        return {name: block.repeat(repeats, 1)[: self.num_rows] for name, block in zip(OPS[self.op].inputs, blocks)}

    def open_peers(self, feeds, artifacts):
        tensors = [*feeds.values(), *self.weights().values()]
        return [("torch", lambda: Latest(lambda: OPS[self.op].torch(*tensors)).runner())]

    def open_yardsticks(self, artifacts):
        yield "copy", self.open_copy
        if function := OPS[self.op].function:
            feeds = {"x": random_tensor((FAN_ROWS, WIDTH))}
            yield "function", lambda: artifacts.open(
                f"fan-{function}", lambda: fan_model(function), feeds, self.threads)

    def open_copy(self):
        source = torch.ones(self.bytes // 8)
        target = torch.empty_like(source)
        return Runner(lambda: target.copy_(source))

    def limit_ms(self, rates, yardsticks_ms):
        per_row = yardsticks_ms.get("function", 0) / FAN / FAN_ROWS
        return max(yardsticks_ms["copy"], per_row * self.num_rows)

    def bar(self, unit):
        return Bar(share=NORM_SHARE[self.place] if OPS[self.op].is_norm else OTHER_SHARE)


def bytes_at(place):
    return CACHED_BYTES if place == "cached" else beyond_caches()


def fan_model(function):
    """The sum of the function at places near x, in f32: they wait for x alone, so that arithmetic is what counts."""
    nodes, shape, total = [], ["R", WIDTH], "y0"
    for number in range(FAN):
        nodes.append(helper.make_node("Add", ["x", f"c{number}"], [f"x{number}"]))
        nodes += [helper.make_node(kind, inputs.format(f"x{number}", number).split(), [output.format("", number)])
                  for kind, inputs, output in FUNCTIONS[function]]  # fmt: skip
        if number:
            nodes.append(helper.make_node("Add", [total, f"y{number}"], [f"sum{number}"]))
            total = f"sum{number}"
    places = [initializer(f"c{number}", torch.tensor(number / FAN)) for number in range(FAN)]
    return make_model(nodes, [value("x", torch.float32, shape)], value(total, torch.float32, shape), places)


def rowwise_rows(threads):
    return [RowWise(op, place, precision, count) for precision in ("f32", "bf16") for op in OPS
            for place in NORM_SHARE for count in threads]  # fmt: skip
