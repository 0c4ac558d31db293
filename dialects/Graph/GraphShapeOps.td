#ifndef TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD
#define TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD

include "dialects/Graph/GraphBase.td"

// Ops that make tensors from nothing, and ops that only move elements. In the
// formulas `in` is the input, `i`, `j`, `k` are indices counted from 0.

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

def Graph_ConstantOp : Graph_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a small tensor whose elements stand in the IR";
  let description = [{
    For scalars, axes, masks and tables that a person can read. Trained parameters
    are a `graph.weight`: the IR never holds their bytes.

    | value    | shape | unit | meaning                           |
    |----------|-------|------|-----------------------------------|
    | `value`  | any   | -    | the elements; a splat is one value |
    | `result` | same  | -    | the same, of the attribute's type |

    Example:

    ```mlir
    %half = graph.constant dense<0.5> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Graph_WeightOp : Graph_Op<"weight"> {
  let summary = "a tensor whose elements stand in a file";
  let description = [{
    Says where the bytes are; nobody reads them before the artifact is written,
    and then one weight at a time. The interpreter asks its reader of weights.

    | value    | shape  | unit  | meaning                                        |
    |----------|--------|-------|------------------------------------------------|
    | `ref`    | -      | bytes | file, name, first byte and number of bytes     |
    | `result` | static | -     | row-major, little-endian; a bool is a byte, 4-bit integers come two in a byte |

    * (C1) The result's shape is static.
    * (C2) `ref` has as many bytes as the elements of the result.
    * (C3) `ref` begins at byte 0 or later.

    Example:

    ```mlir
    %w = graph.weight <"model.onnx" name "encoder.0.weight" at 4096 bytes 589824> : tensor<384x384xf32>
    ```
  }];
  let arguments = (ins Graph_WeightAttr:$ref);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$ref attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_IotaOp : Graph_Op<"iota", [Graph_Tile]> {
  let summary = "0, 1, 2, ... along one axis, the same along the others";
  let description = [{
        result[.., i, ..] = i    where `i` is the index along `axis`

    Floats and narrow integers are rounded to their type. The result type says how
    many: `tensor<?xi64, #graph.dims<L>>` counts the tokens.

    | value    | shape | unit | meaning                |
    |----------|-------|------|------------------------|
    | `axis`   | -     | -    | the dim that is counted|
    | `result` | any   | -    | each element its index |

    * (C1) `axis` is a dim of the result.

    Example:

    ```mlir
    %positions = graph.iota {axis = 0 : i64} : () -> tensor<?xi64, #graph.dims<L>>
    ```
  }];
  let arguments = (ins I64Attr:$axis);
  let results = (outs Graph_NumberTensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Views: no arithmetic, only where elements are
//===----------------------------------------------------------------------===//

def Graph_ReshapeOp : Graph_Op<"reshape", [Graph_Tile]> {
  let summary = "the same row-major elements in another shape";
  let description = [{
        result.flat[i] = in.flat[i]

    The result type is the new shape; there is no shape operand.

    | value    | shape | unit | meaning                            |
    |----------|-------|------|------------------------------------|
    | `input`  | any   | -    | n elements                         |
    | `result` | any   | -    | the same n elements, in that order |

    * (C1) Input and result have one element type.
    * (C2) The products of their dims are the same polynomial, where both are known.

    Example:

    ```mlir
    %heads = graph.reshape %x : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>)
        -> tensor<?x?x12x32xf32, #graph.dims<B, L, 12, 32>>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_TransposeOp : Graph_InferredOp<"transpose", [Graph_Tile]> {
  let summary = "dims in another order";
  let description = [{
        result.dim(i) = in.dim(permutation[i])
        result[j0, j1, ..] = in[k0, k1, ..]    where k_permutation[i] = j_i

    | value         | shape     | unit | meaning                                   |
    |---------------|-----------|------|-------------------------------------------|
    | `input`       | `BxLxHxD` | -    | any rank; four dims as an example         |
    | `permutation` | -         | -    | for each dim of the result, the input's   |
    | `result`      | `BxHxLxD` | -    | for the permutation 0, 2, 1, 3            |

    * (C1) `permutation` holds each of 0 to rank - 1 once.

    Example:

    ```mlir
    %q = graph.transpose %x {permutation = array<i64: 0, 2, 1, 3>}
        : (tensor<2x16x12x32xf32>) -> tensor<2x12x16x32xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_BroadcastOp : Graph_Op<"broadcast", [Graph_Tile]> {
  let summary = "repeat dims of extent 1, and add leading dims";
  let description = [{
        result[.., j, ..] = in[.., j or 0, ..]    0 where the input's extent is 1

    Shapes are aligned at the last dim, as NumPy's `broadcast_to` does. Elementwise
    ops broadcast by themselves; this op is for the others.

    | value    | shape     | unit | meaning                                      |
    |----------|-----------|------|----------------------------------------------|
    | `input`  | `1xL`     | -    | each dim 1 or that of the result             |
    | `result` | `BxHxLxL` | -    | here: dims B, H and the first L are repeated |

    * (C1) Input and result have one element type.
    * (C2) The result has the input's rank or a higher one.
    * (C3) Each dim of the input is 1 or the dim of the result that it is aligned with.

    Example:

    ```mlir
    %all = graph.broadcast %mask : (tensor<1x16xi1>) -> tensor<2x12x16x16xi1>
    ```

    Source: numpy.org/doc/stable/user/basics.broadcasting.html
  }];
  let arguments = (ins Graph_Tensor:$input);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_SliceOp : Graph_Op<"slice", [Graph_Tile]> {
  let summary = "every step-th element along one axis, from a start";
  let description = [{
        result[.., j, ..] = in[.., start + j * step, ..]    for j < N

    How many there are, the result type says. A negative step walks backwards from
    `start`; indices never wrap around. Start is a dim, so it may be symbolic.

    | value    | shape         | unit | meaning                                   |
    |----------|---------------|------|-------------------------------------------|
    | `input`  | `.. x S x ..` | -    | S elements along `axis`                   |
    | `axis`   | -             | -    | which dim is cut                          |
    | `start`  | -             | -    | first element, a polynomial over symbols  |
    | `step`   | -             | -    | distance of neighbours, negative backwards|
    | `result` | `.. x N x ..` | -    | N elements along `axis`                   |

    * (C1) Input and result have one element type.
    * (C2) `axis` is a dim of the input.
    * (C3) The other dims of the result are those of the input.
    * (C4) `step` is not 0.
    * (C5) `start` and `start + (N - 1) * step` are in 0 to S - 1, unless N is 0;
      checked when the distance to the ends is a number, such as that of L - 1 in L.

    Example:

    ```mlir
    %last = graph.slice %x {axis = 1 : i64, start = #graph.dim<L + -1>, step = 1 : i64}
        : (tensor<?x?x384xf32, #graph.dims<B, L, 384>>) -> tensor<?x1x384xf32, #graph.dims<B, 1, 384>>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, I64Attr:$axis, Graph_DimAttr:$start, I64Attr:$step);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ConcatOp : Graph_InferredOp<"concat", [Graph_Tile]> {
  let summary = "inputs one after another along an axis";
  let description = [{
        result[.., j, ..] = in_n[.., j - (S_0 + .. + S_(n-1)), ..]    n: the input that j falls in

    | value    | shape            | unit | meaning                              |
    |----------|------------------|------|--------------------------------------|
    | `inputs` | `.. x S_n x ..`  | -    | one or more; S_n along `axis`, may be 0 |
    | `axis`   | -                | -    | the dim that grows                   |
    | `result` | `.. x (S_0 + S_1 + ..) x ..` | - | the sum along `axis`          |

    * (C1) There is an input.
    * (C2) `axis` is a dim of the first input.
    * (C3) All inputs have one element type.
    * (C4) All inputs have one rank, and the same dims other than `axis`.

    Example:

    ```mlir
    %keys = graph.concat %past, %new {axis = 2 : i64}
        : (tensor<?x4x?x64xf32, #graph.dims<B, 4, P, 64>>, tensor<?x4x?x64xf32, #graph.dims<B, 4, L, 64>>)
        -> tensor<?x4x?x64xf32, #graph.dims<B, 4, L + P, 64>>
    ```
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_PadOp : Graph_Op<"pad", [Graph_Tile]> {
  let summary = "one value before and after each dim";
  let description = [{
        result[j0, j1, ..] = in[j0 - low[0], j1 - low[1], ..]    where that is inside
                             value                               elsewhere

    To remove elements, write `graph.slice`.

    | value    | shape       | unit     | meaning                              |
    |----------|-------------|----------|--------------------------------------|
    | `input`  | `d0xd1x..`  | -        | what stands in the middle            |
    | `value`  | scalar      | -        | what stands around it                |
    | `low`    | one a dim   | elements | how many before the first            |
    | `high`   | one a dim   | elements | how many after the last              |
    | `result` | `d + low + high` in each dim | - | the input, framed        |

    * (C1) Input, value and result have one element type.
    * (C2) `value` has rank 0.
    * (C3) `low` and `high` hold a count of at least 0 for each dim.
    * (C4) Each dim of the result is the input's and its two counts.

    Example:

    ```mlir
    %framed = graph.pad %x, %zero {low = array<i64: 0, 1>, high = array<i64: 0, 2>}
        : (tensor<2x5xf32>, tensor<f32>) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$input, Graph_Tensor:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// By index
//===----------------------------------------------------------------------===//

def Graph_GatherOp : Graph_InferredOp<"gather", [Graph_Tile]> {
  let summary = "slices along an axis, named by a tensor of indices";
  let description = [{
        result[i.., j.., k..] = data[i.., indices[j..], k..]

    where `i..` are the dims before `axis` and `k..` those after it. A negative index
    counts from the end. Embedding lookup is `axis` 0 with data `VxE`. An index
    outside is an error of whoever made it: the interpreter reports it.

    | value     | shape            | unit     | meaning                             |
    |-----------|------------------|----------|-------------------------------------|
    | `data`    | `.. x S x ..`    | -        | S slices along `axis`               |
    | `indices` | any              | elements | each in -S to S - 1                 |
    | `axis`    | -                | -        | the dim that is looked up           |
    | `result`  | `.. x (dims of indices) x ..` | - | those of `indices` in place of S |

    * (C1) `axis` is a dim of `data`.

    Example:

    ```mlir
    %x = graph.gather %table, %tokens {axis = 0 : i64}
        : (tensor<30522x384xf32>, tensor<?x?xi64, #graph.dims<B, L>>)
        -> tensor<?x?x384xf32, #graph.dims<B, L, 384>>
    ```

    Source: ONNX Gather; NumPy `take`.
  }];
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

def Graph_GatherNdOp : Graph_InferredOp<"gather_nd", [Graph_Tile]> {
  let summary = "slices named by lists of indices";
  let description = [{
    The last dim of `indices` holds lists of K numbers, each an index into one dim
    of `data`; what is left of `data` is the slice. The first `batch_dims` dims are
    common to both.

        result[b.., j.., k..] = data[b.., indices[b.., j.., 0], .., indices[b.., j.., K-1], k..]

    A negative index counts from the end.

    | value        | shape               | unit     | meaning                        |
    |--------------|---------------------|----------|--------------------------------|
    | `data`       | `b.. x S_0 x .. x S_(K-1) x k..` | - | any                      |
    | `indices`    | `b.. x j.. x K`     | elements | entry n is in -S_n to S_n - 1  |
    | `batch_dims` | -                   | dims     | how many dims `b..` are        |
    | `result`     | `b.. x j.. x k..`   | -        | one slice a list               |

    * (C1) `batch_dims` is at least 0 and less than both ranks.
    * (C2) The batch dims of `data` and `indices` are the same.
    * (C3) K is a number, at least 1 and at most the rank of `data` without batch dims.

    Example:

    ```mlir
    %picked = graph.gather_nd %data, %indices {batch_dims = 0 : i64}
        : (tensor<4x5x6xf32>, tensor<7x2xi64>) -> tensor<7x6xf32>
    ```

    Source: ONNX GatherND.
  }];
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

def Graph_ScatterOp : Graph_InferredOp<"scatter", [Graph_Tile]> {
  let summary = "a copy with elements along an axis replaced or added to";
  let description = [{
        result = data, then for each index of `indices`, in row-major order:
        result[i.., indices[i.., j, k..], k..]  = updates[i.., j, k..]    or
        result[i.., indices[i.., j, k..], k..] += updates[i.., j, k..]    with `accumulate`

    A negative index counts from the end. Of several updates to one element the last
    one stays, or all are added; floats are added in f64 and rounded once.

    | value     | shape         | unit     | meaning                                |
    |-----------|---------------|----------|----------------------------------------|
    | `data`    | `.. x S x ..` | -        | what is there before                   |
    | `indices` | `.. x N x ..` | elements | each in -S to S - 1; other dims at most those of `data` |
    | `updates` | that of `indices` | -    | one for each index                     |
    | `axis`    | -             | -        | the dim that is indexed                |
    | `result`  | that of `data`| -        | what is there afterwards               |

    * (C1) `axis` is a dim of `data`.
    * (C2) `data` and `updates` have one element type.
    * (C3) `indices` and `updates` have one shape.
    * (C4) `indices` has the rank of `data`, and other than along `axis` no larger dims.
    * (C5) With `accumulate` the elements are numbers, not bool.

    Example:

    ```mlir
    %counts = graph.scatter %zeros, %experts, %ones {accumulate = true, axis = 0 : i64}
        : (tensor<8xi64>, tensor<32xi64>, tensor<32xi64>) -> tensor<8xi64>
    ```

    Source: ONNX ScatterElements; NumPy `put_along_axis`.
  }];
  let arguments = (ins Graph_Tensor:$data, Graph_IntTensor:$indices, Graph_Tensor:$updates,
                       I64Attr:$axis, BoolAttr:$accumulate);
  let results = (outs Graph_Tensor:$result);
  let hasVerifier = 1;
}

#endif // TENON_DIALECTS_GRAPH_GRAPHSHAPEOPS_TD
