#ifndef TENON_PASSES_SIMPLIFY_PASSES_TD
#define TENON_PASSES_SIMPLIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

def SimplifyGraphPass : Pass<"simplify-graph"> {
  let summary = "fold constants, merge equal values, shorten chains of views";
  let description = [{
    Why: importers write what an export says, one op after the other. Shape
    arithmetic, masks built by views, and values computed twice go away here, so
    that raising and fusion meet one form of a thing.

    Before:

    ```mlir
    func.func @mask(%m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>)
        -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>> {
      %zero = graph.constant dense<0.0> : tensor<f32>
      %low = graph.constant dense<-1.0e30> : tensor<f32>
      %wide = graph.broadcast %m : (tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>)
          -> tensor<?x12x?x?xi1, #graph.dims<B, 12, L, L>>
      %0 = graph.where %wide, %zero, %low
          : (tensor<?x12x?x?xi1, #graph.dims<B, 12, L, L>>, tensor<f32>, tensor<f32>)
          -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
      return %0 : tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
    }
    ```

    After:

    ```mlir
    func.func @mask(%m: tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>)
        -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>> {
      %zero = graph.constant dense<0.0> : tensor<f32>
      %low = graph.constant dense<-1.0e30> : tensor<f32>
      %0 = graph.where %m, %zero, %low
          : (tensor<?x1x1x?xi1, #graph.dims<B, 1, 1, L>>, tensor<f32>, tensor<f32>)
          -> tensor<?x1x1x?xf32, #graph.dims<B, 1, 1, L>>
      %1 = graph.broadcast %0 : (tensor<?x1x1x?xf32, #graph.dims<B, 1, 1, L>>)
          -> tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
      return %1 : tensor<?x12x?x?xf32, #graph.dims<B, 12, L, L>>
    }
    ```

    Requires: nothing.
    Ensures:  no op has only small constants as operands; no elementwise op has a
              broadcast as operand, unless a dim is unknown; no matmul has a vector
              as operand, and none with one matrix has rows that were merged; a reduction is along neighbouring dims; attention
              of one query is not causal, and has a head for each of keys unless its mask or bias differs among heads; no two equal ops;
              no op whose results are unused.
    Leaves:   weights, however small; ops that have no value on their constants.
    Numerics: an op on constants is computed in f64 and rounded once. `x + 0` is
              x, also where x is -0. Else bit-exact.
    Source:   the rules are algebra; each stands with its pattern or its op's fold.
  }];
  let options = [Option<"maxElements", "max-elements", "int64_t", "4096",
                        "the most elements of a constant that is computed here">];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def FoldScalesPass : Pass<"fold-scales"> {
  let summary = "move scales of quantized weights behind matmul and gather";
  let description = [{
    Why: `cast(w) * scale` in front of a matmul asks for the wide weight in
    memory, four times the bytes of int8. Behind it, one multiplication for each
    element of the result is left, and the matmul reads integers. Scales of groups
    of rows, `reshape(cast(w) * scale)` with `w` of GxBxN, make the matmul a
    `graph.grouped_matmul`.

    Before:

    ```mlir
    func.func @weight_only(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
      %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
      %scale = graph.weight <"m.onnx" name "s" at 32 bytes 16> : tensor<1x4xf32>
      %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
      %scaled = graph.mul %wide, %scale : (tensor<8x4xf32>, tensor<1x4xf32>) -> tensor<8x4xf32>
      %0 = graph.matmul %x, %scaled : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
      return %0 : tensor<2x4xf32>
    }
    ```

    After:

    ```mlir
    func.func @weight_only(%x: tensor<2x8xf32>) -> tensor<2x4xf32> {
      %q = graph.weight <"m.onnx" name "w" at 0 bytes 32> : tensor<8x4xi8>
      %scale = graph.weight <"m.onnx" name "s" at 32 bytes 16> : tensor<1x4xf32>
      %wide = graph.cast %q {to = f32} : (tensor<8x4xi8>) -> tensor<8x4xf32>
      %product = graph.matmul %x, %wide : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
      %flat = graph.reshape %scale : (tensor<1x4xf32>) -> tensor<4xf32>
      %0 = graph.mul %product, %flat : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
      return %0 : tensor<2x4xf32>
    }
    ```

    Requires: nothing; finds more after simplify-graph.
    Ensures:  no matmul has a matrix of integers scaled by column, or by groups of
              rows of a column, as its right operand; no gather or slice reads an
              elementwise op of narrower integer weights.
    Leaves:   other scales that differ along the contracted dim; says so in a
              `Simplify` remark.
    Numerics: gather and slice bit-exact. Matmul: `w * scale` is no longer rounded
              and the result is rounded once more; the sum of K products differs
              by at most (K + 1) epsilon times the sum of their magnitudes.
    Source:   Jacob et al. 2018, arXiv:1712.05877, section 2.2 (scales factor out).
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def ResolveIndexGatherPass : Pass<"resolve-index-gather"> {
  let summary = "turn lookups and comparisons of mere positions into views and constants";
  let description = [{
    Why: exporters write `mask[b, l]` as a gather with counters as indices. What
    it looks up is known: the same elements, in order. As slice, transpose,
    reshape and broadcast it costs nothing.

    Before:

    ```mlir
    func.func @mask(%m: tensor<2x5xi1>) -> tensor<2x1x1x5xi1> {
      %b = graph.iota {axis = 0 : i64} : () -> tensor<2x1x1x5x1xi64>
      %l = graph.iota {axis = 3 : i64} : () -> tensor<2x1x1x5x1xi64>
      %i = graph.concat %b, %l {axis = 4 : i64}
          : (tensor<2x1x1x5x1xi64>, tensor<2x1x1x5x1xi64>) -> tensor<2x1x1x5x2xi64>
      %0 = graph.gather_nd %m, %i {batch_dims = 0 : i64}
          : (tensor<2x5xi1>, tensor<2x1x1x5x2xi64>) -> tensor<2x1x1x5xi1>
      return %0 : tensor<2x1x1x5xi1>
    }
    ```

    After:

    ```mlir
    func.func @mask(%m: tensor<2x5xi1>) -> tensor<2x1x1x5xi1> {
      %0 = graph.reshape %m : (tensor<2x5xi1>) -> tensor<2x1x1x5xi1>
      return %0 : tensor<2x1x1x5xi1>
    }
    ```

    Requires: nothing; finds more after simplify-graph.
    Ensures:  no gather or gather_nd has indices that are affine in positions, one
              dim of the result for each dim of the data; no comparison of
              positions has an answer that is the same everywhere.
    Leaves:   lookups that take a diagonal, step backwards or have batch dims;
              says so in a `Simplify` remark for gather_nd.
    Numerics: bit-exact. A gather out of range is no longer an error at run time:
              a table of 512 positions limits L before the program runs.
    Source:   the positions are those of dialects/Graph's `iota`.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def MergeParallelMatmulsPass : Pass<"merge-parallel-matmuls"> {
  let summary = "one matmul for all matmuls of one value with weights";
  let description = [{
    Why: the projections to queries, keys and values read the same rows. Side by
    side their weights make one larger matmul: the rows are read once, and small
    batches fill the machine better. So do gate and up of a gated feed-forward.

    Before:

    ```mlir
    func.func @two(%x: tensor<2x8xf32>) -> (tensor<2x4xf32>, tensor<2x3xf32>) {
      %w = graph.weight <"m.onnx" name "w" at 0 bytes 128> : tensor<8x4xf32>
      %v = graph.weight <"m.onnx" name "v" at 128 bytes 96> : tensor<8x3xf32>
      %0 = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
      %1 = graph.matmul %x, %v : (tensor<2x8xf32>, tensor<8x3xf32>) -> tensor<2x3xf32>
      return %0, %1 : tensor<2x4xf32>, tensor<2x3xf32>
    }
    ```

    After:

    ```mlir
    func.func @two(%x: tensor<2x8xf32>) -> (tensor<2x4xf32>, tensor<2x3xf32>) {
      %w = graph.weight <"m.onnx" name "w" at 0 bytes 128> : tensor<8x4xf32>
      %v = graph.weight <"m.onnx" name "v" at 128 bytes 96> : tensor<8x3xf32>
      %wv = graph.concat %w, %v {axis = 1 : i64}
          : (tensor<8x4xf32>, tensor<8x3xf32>) -> tensor<8x7xf32>
      %both = graph.matmul %x, %wv : (tensor<2x8xf32>, tensor<8x7xf32>) -> tensor<2x7xf32>
      %0 = graph.slice %both {axis = 1 : i64, start = #graph.dim<0>, step = 1 : i64}
          : (tensor<2x7xf32>) -> tensor<2x4xf32>
      %1 = graph.slice %both {axis = 1 : i64, start = #graph.dim<4>, step = 1 : i64}
          : (tensor<2x7xf32>) -> tensor<2x3xf32>
      return %0, %1 : tensor<2x4xf32>, tensor<2x3xf32>
    }
    ```

    Requires: nothing; after fold-scales scales and biases are joined too.
    Ensures:  no two matmuls in a block have the same left operand and matrices of
              weights as right operands.
    Leaves:   matmuls whose right operand is computed by the program, or has batch
              dims; says so in a `Simplify` remark.
    Numerics: bit-exact in the interpreter. A kernel may sum a wider matmul in
              another order.
    Source:   the fused QKV projection of Shoeybi et al. 2019, arXiv:1909.08053.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def SinkViewsPass : Pass<"sink-views"> {
  let summary = "move reshapes and transposes behind elementwise ops";
  let description = [{
    Why: a product's heads are split by views, and what is computed of the heads
    alone (scaled, quantized) would be a kernel of its own behind them. Before the
    views it is the last step of the product's kernel, and the views move what it
    makes, which may be narrower.

    Before:

    ```mlir
    func.func @f(%x: tensor<8x768xf32>, %scale: tensor<f32>) -> tensor<12x8x64xui8> {
      %0 = graph.reshape %x : (tensor<8x768xf32>) -> tensor<8x12x64xf32>
      %1 = graph.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<8x12x64xf32>) -> tensor<12x8x64xf32>
      %2 = graph.div %1, %scale : (tensor<12x8x64xf32>, tensor<f32>) -> tensor<12x8x64xf32>
      %3 = graph.cast %2 {to = ui8} : (tensor<12x8x64xf32>) -> tensor<12x8x64xui8>
      return %3 : tensor<12x8x64xui8>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<8x768xf32>, %arg1: tensor<f32>) -> tensor<12x8x64xui8> {
      %0 = graph.div %arg0, %arg1 : (tensor<8x768xf32>, tensor<f32>) -> tensor<8x768xf32>
      %1 = graph.cast %0 {to = ui8} : (tensor<8x768xf32>) -> tensor<8x768xui8>
      %2 = graph.reshape %1 : (tensor<8x768xui8>) -> tensor<8x12x64xui8>
      %3 = graph.transpose %2 {permutation = array<i64: 1, 0, 2>} : (tensor<8x12x64xui8>) -> tensor<12x8x64xui8>
      return %3 : tensor<12x8x64xui8>
    }
    ```

    Requires: composite ops are raised: they are recognised with their views
              where exports have them.
    Ensures:  no elementwise op whose other operands are of rank 0 reads a view
              that nothing else reads, unless it makes wider elements of it.
    Leaves:   views with several readers, and ops that widen: a view should move
              the narrower elements.
    Numerics: exact.
    Source:   elementwise ops commute with permutations of elements.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def RoundByReciprocalPass : Pass<"round-by-reciprocal"> {
  let summary = "quantize without a division";
  let description = [{
    Why: a division of vectors keeps its unit busy for as long as many products, and a
    quantized model divides wherever it rounds. With the reciprocal of a scale that is
    known, in two parts, a product and a multiply-add give the same quotient.

    Before:

    ```mlir
    func.func @f(%x: tensor<8xf32>) -> tensor<8xui8> {
      %scale = graph.constant dense<0.06> : tensor<f32>
      %0 = graph.div %x, %scale : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %1 = graph.round %0 : (tensor<8xf32>) -> tensor<8xf32>
      %2 = graph.cast %1 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
      return %2 : tensor<8xui8>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<8xf32>) -> tensor<8xui8> {
      %0 = graph.constant dense<16.666666> : tensor<f32>
      %1 = graph.constant dense<1.00831187E-6> : tensor<f32>
      %2 = graph.mul %arg0, %1 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %3 = graph.fma %arg0, %0, %2 : (tensor<8xf32>, tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
      %4 = graph.round %3 : (tensor<8xf32>) -> tensor<8xf32>
      %5 = graph.cast %4 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
      return %5 : tensor<8xui8>
    }
    ```

    Requires: views are sunk: a dividend has two readers then, and stays.
    Ensures:  no quotient by a known number from 2^-60 to 2^60 is rounded and then,
              with or without a zero point, cast to 8 bits.
    Leaves:   divisors that are no constant of rank 0; quotients that have other
              readers; the rare divisors for which a product may round otherwise.
    Numerics: exact: the same integers, also of infinities and NaN.
    Source:   Brisebarre, Muller, Raina 2004, Accelerating correctly rounded
              floating-point division when the divisor is known in advance.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def ClampRoundingsPass : Pass<"clamp-roundings"> {
  let summary = "quantize and read again without integers";
  let description = [{
    Why: between two ops of a quantized model that are one kernel, a number is rounded,
    moved by a zero point, made an integer, made a float again and moved back. What is
    left of it is a whole number of a range. Where that begins at 0, NaN is 0 in it, and
    a choice of 0 for NaN before goes.

    Before:

    ```mlir
    func.func @f(%x: tensor<8xf32>, %scale: tensor<f32>) -> tensor<8xui8> {
      %zero = graph.constant dense<7.0> : tensor<f32>
      %0 = graph.round %x : (tensor<8xf32>) -> tensor<8xf32>
      %1 = graph.add %0, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %2 = graph.cast %1 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
      %3 = graph.cast %2 {to = f32} : (tensor<8xui8>) -> tensor<8xf32>
      %4 = graph.sub %3, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %5 = graph.mul %4, %scale : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %6 = graph.round %5 : (tensor<8xf32>) -> tensor<8xf32>
      %7 = graph.cast %6 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
      return %7 : tensor<8xui8>
    }
    ```

    After:

    ```mlir
    func.func @f(%arg0: tensor<8xf32>, %arg1: tensor<f32>) -> tensor<8xui8> {
      %0 = graph.constant dense<2.480000e+02> : tensor<f32>
      %1 = graph.constant dense<-7.000000e+00> : tensor<f32>
      %2 = graph.compare %arg0, %1 {predicate = #graph<predicate gt>} : (tensor<8xf32>, tensor<f32>) -> tensor<8xi1>
      %3 = graph.where %2, %arg0, %1 : (tensor<8xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %4 = graph.compare %3, %0 {predicate = #graph<predicate lt>} : (tensor<8xf32>, tensor<f32>) -> tensor<8xi1>
      %5 = graph.where %4, %3, %0 : (tensor<8xi1>, tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %6 = graph.round %5 : (tensor<8xf32>) -> tensor<8xf32>
      %7 = graph.mul %6, %arg1 : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
      %8 = graph.round %7 : (tensor<8xf32>) -> tensor<8xf32>
      %9 = graph.cast %8 {to = ui8} : (tensor<8xf32>) -> tensor<8xui8>
      return %9 : tensor<8xui8>
    }
    ```

    Requires: quotients that are rounded are what they will be: round-by-reciprocal asks
              for casts behind them.
    Ensures:  no f32 is rounded, cast to 8 bits and back, with or without one known
              zero point, for nothing but what is rounded again.
    Leaves:   what else is read, from memory: it is narrower there; zero points along
              an axis.
    Numerics: exact, also of infinities and NaN; a zero keeps its sign.
  }];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

def OutlineRepeatedLayersPass : Pass<"outline-repeated-layers", "::mlir::ModuleOp"> {
  let summary = "make repeated layers one function that is called with their weights";
  let description = [{
    Why: a transformer is one layer, many times over with other weights. As one
    function it is fused, scheduled and planned once, and the plan of a deep model
    is no longer than that of a shallow one.

    Before:

    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %w = graph.weight <"m.onnx" name "w" at 0 bytes 256> : tensor<8x8xf32>
      %0 = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
      %1 = graph.tanh %0 : (tensor<2x8xf32>) -> tensor<2x8xf32>
      %v = graph.weight <"m.onnx" name "v" at 256 bytes 256> : tensor<8x8xf32>
      %2 = graph.matmul %1, %v : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
      %3 = graph.tanh %2 : (tensor<2x8xf32>) -> tensor<2x8xf32>
      return %3 : tensor<2x8xf32>
    }
    ```

    After:

    ```mlir
    func.func @main(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
      %w = graph.weight <"m.onnx" name "w" at 0 bytes 256> : tensor<8x8xf32>
      %v = graph.weight <"m.onnx" name "v" at 256 bytes 256> : tensor<8x8xf32>
      %0 = call @layer(%x, %w) : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
      %1 = call @layer(%0, %v) : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
      return %1 : tensor<2x8xf32>
    }
    func.func private @layer(%x: tensor<2x8xf32>, %w: tensor<8x8xf32>) -> tensor<2x8xf32> {
      %0 = graph.matmul %x, %w : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
      %1 = graph.tanh %0 : (tensor<2x8xf32>) -> tensor<2x8xf32>
      return %1 : tensor<2x8xf32>
    }
    ```

    Requires: equal ops look equal: simplified, composites raised.
    Ensures:  no public function repeats a layer: a run of ops with a contraction in
              it, that reads its own values at the same places each time, and hands
              on only values that lie in memory anyway (several ops read them, or a
              contraction does). The order of the ops may be another.
    Leaves:   functions with bodies in them (if, loop); repetitions that do not read
              alike, which a `Simplify` remark says at the op that differs.
    Numerics: unchanged.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def DecomposePass : Pass<"decompose"> {
  let summary = "write composite ops in terms of simpler ops";
  let description = [{
    Why: what has no kernel of its own, on a target or for a type, is made of ops
    that have. And a composite op can be checked against its parts.

    Before:

    ```mlir
    func.func @shares(%x: tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
      %0 = graph.softmax %x {axis = 1 : i64}
          : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
      return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
    }
    ```

    After:

    ```mlir
    func.func @shares(%x: tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>> {
      %max = graph.reduce %x {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind max>}
          : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x1xf32, #graph.dims<L, 1>>
      %below = graph.sub %x, %max
          : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<?x1xf32, #graph.dims<L, 1>>)
          -> tensor<?x8xf32, #graph.dims<L, 8>>
      %power = graph.exp %below
          : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x8xf32, #graph.dims<L, 8>>
      %sum = graph.reduce %power {axes = array<i64: 1>, keep_dims = true, kind = #graph<reduce_kind sum>}
          : (tensor<?x8xf32, #graph.dims<L, 8>>) -> tensor<?x1xf32, #graph.dims<L, 1>>
      %0 = graph.div %power, %sum
          : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<?x1xf32, #graph.dims<L, 1>>)
          -> tensor<?x8xf32, #graph.dims<L, 8>>
      return %0 : tensor<?x8xf32, #graph.dims<L, 8>>
    }
    ```

    Requires: the sizes that a decomposition needs as numbers are known: groups of
              heads in `attention`, lanes in `rope`. Where not, an error says so.
    Ensures:  no op of the named ones is left, or none at all that can be
              decomposed when none is named; also not inside of another's parts.
    Leaves:   everything else.
    Numerics: each part is rounded on its own, in f32 for narrower floats: a few
              epsilons of f32 for sums of few elements. Infinities and NaN stay.
    Source:   the ops' pages give the formulas.
  }];
  let options = [ListOption<"ops", "ops", "std::string",
                            "names of the ops, without dialect; all when empty">];
  let dependentDialects = ["tenon::graph::GraphDialect"];
}

#endif // TENON_PASSES_SIMPLIFY_PASSES_TD
