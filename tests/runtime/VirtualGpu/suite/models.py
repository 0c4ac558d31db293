"""Small models whose kernels are of every kind that the emitter prints."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Eight turns of a loop over 64: every stage of a ring or a pipeline is used again.
WIDTH, HEADS = 512, 8
LENGTH = 70  # ragged: no multiple of a tile


class Graph:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def weight(self, *shape, scale=0.05):
        name = f"w{len(self.weights)}"
        values = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def op(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def model(self, inputs, outputs):
        graph = helper.make_graph(self.nodes, "g", inputs, outputs, self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def tensor(name, *dims):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def heads(graph, x, batch):
    split = graph.op("Reshape", x, graph.constant(np.array([batch, LENGTH, HEADS, WIDTH // HEADS])))
    return graph.op("Transpose", split, perm=[0, 2, 1, 3])


def norm(graph, x):
    return graph.op("LayerNormalization", x, graph.weight(WIDTH, scale=1), graph.weight(WIDTH), axis=-1)


def product(graph, x, columns, depth=WIDTH):
    return graph.op("Add", graph.op("MatMul", x, graph.weight(depth, columns)), graph.weight(columns, scale=1))


def block():
    """A layer of a transformer: norms, products with what follows them, attention."""
    graph = Graph(1)
    batch = 1
    h = norm(graph, "x")
    q, k, v = (heads(graph, product(graph, h, WIDTH), batch) for _ in range(3))
    scores = graph.op("MatMul", q, graph.op("Transpose", k, perm=[0, 1, 3, 2]))
    scores = graph.op("Mul", scores, graph.constant(np.float32(0.125)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), v)
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]),
                     graph.constant(np.array([batch, LENGTH, WIDTH])))
    y = graph.op("Add", "x", product(graph, mixed, WIDTH))
    up = graph.op("Gelu", product(graph, norm(graph, y), 2 * WIDTH))
    y = graph.op("Add", y, product(graph, up, WIDTH, 2 * WIDTH))
    graph.nodes[-1].output[0] = "y"
    return graph.model([tensor("x", batch, LENGTH, WIDTH)], [tensor("y", batch, LENGTH, WIDTH)])


def attention():
    """Heads alone, with more keys than stages hold, and a ragged rest."""
    graph = Graph(4)
    scores = graph.op("MatMul", "q", graph.op("Transpose", "k", perm=[0, 1, 3, 2]))
    scores = graph.op("Mul", scores, graph.constant(np.float32(0.125)))
    graph.op("MatMul", graph.op("Softmax", scores, axis=-1), "v")
    graph.nodes[-1].output[0] = "y"
    dims = [1, 2, 550, 64]
    return graph.model([tensor(name, *dims) for name in "qkv"], [tensor("y", *dims)])


def rows():
    """Reductions along rows that are long and of any length, and a transposed store."""
    graph = Graph(2)
    # Shares are small numbers, which a tolerance would hide.
    soft = graph.op("Mul", graph.op("Softmax", "x", axis=-1), graph.constant(np.float32(515)))
    total = graph.op("ReduceSum", graph.op("Mul", soft, "x"), graph.constant(np.array([0])), keepdims=1)
    y = graph.op("Transpose", graph.op("Mul", soft, total), perm=[1, 0])
    graph.nodes[-1].output[0] = "y"
    return graph.model([tensor("x", 37, 515)], [tensor("y", 515, 37)])


def five_turns():
    """A product whose last turn reads the stage in which its results are turned round."""
    graph = Graph(5)
    product(graph, "x", 64, 320)
    graph.nodes[-1].output[0] = "y"
    return graph.model([tensor("x", 1, LENGTH, 320)], [tensor("y", 1, LENGTH, 64)])


def decode():
    """One query of eight heads on two, whose keys are parts for several blocks; the sum that is normalized goes on."""
    graph = Graph(6)
    mixed = graph.op("Attention", "q", "k", "v", scale=0.125)
    graph.op("Add", mixed, "r")
    graph.nodes[-1].output[0] = "s"
    graph.op("LayerNormalization", "s", graph.weight(64, scale=1), graph.weight(64), axis=-1)
    graph.nodes[-1].output[0] = "y"
    query, keys = [1, 8, 1, 64], [1, 2, 600, 64]
    return graph.model([tensor("q", *query), tensor("k", *keys), tensor("v", *keys), tensor("r", *query)],
                       [tensor("s", *query), tensor("y", *query)])


def one_row():
    """A step of decoding whose rows are multiplied in registers: keys in parts, and products around them."""
    graph = Graph(7)
    query = graph.op("Reshape", product(graph, "x", WIDTH), graph.constant(np.array([1, HEADS, 1, WIDTH // HEADS])))
    mixed = graph.op("Attention", query, "k", "v", scale=0.125)
    product(graph, graph.op("Reshape", mixed, graph.constant(np.array([1, WIDTH]))), WIDTH)
    graph.nodes[-1].output[0] = "y"
    keys = [1, HEADS, 301, WIDTH // HEADS]
    return graph.model([tensor("x", 1, WIDTH), tensor("k", *keys), tensor("v", *keys)], [tensor("y", 1, WIDTH)])


def integers():
    """A product of bytes, unsigned and signed ones, whose nine turns use each of four stages twice."""
    graph = Graph(8)
    depth, columns = 9 * 128, 96
    weight = graph.random.integers(-127, 128, (depth, columns)).astype(np.int8)
    sums = graph.op("MatMulInteger", "x", graph.constant(weight))
    graph.op("Mul", graph.op("Cast", sums, to=TensorProto.FLOAT), graph.constant(np.float32(1 / 4096)))
    graph.nodes[-1].output[0] = "y"
    x = helper.make_tensor_value_info("x", TensorProto.UINT8, [1, LENGTH, depth])
    return graph.model([x], [tensor("y", 1, LENGTH, columns)])


MODELS = {"block": block, "decode": decode, "one row": one_row, "five turns": five_turns, "attention": attention,
          "rows": rows, "integers": integers}


def inputs(model):
    """Values for the inputs of a model, by their names."""
    random = np.random.default_rng(3)

    def values(each):
        kind = each.type.tensor_type
        shape = [dim.dim_value for dim in kind.shape.dim]
        if kind.elem_type == TensorProto.UINT8:
            return random.integers(0, 256, shape).astype(np.uint8)
        return random.standard_normal(shape).astype(np.float32)
    return {each.name: values(each) for each in model.graph.input}
