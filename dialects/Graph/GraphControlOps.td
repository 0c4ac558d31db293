#ifndef TENON_DIALECTS_GRAPH_GRAPHCONTROLOPS_TD
#define TENON_DIALECTS_GRAPH_GRAPHCONTROLOPS_TD

include "dialects/Graph/GraphBase.td"

// Bodies see the values around them, as in MLIR's scf. Results follow from what
// the bodies yield.
class Graph_ControlOp<string mnemonic, list<Trait> traits = []>
    : Op<Graph_Dialect, mnemonic, traits # [Pure, SingleBlock, Graph_Infer]> {
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                        ::mlir::TypeRange written) {
      return ::tenon::graph::areCompatible(inferred, written);
    }
  }];
  let hasVerifier = 1;
}

def Graph_IfOp : Graph_ControlOp<"if", [NoRegionArguments]> {
  let summary = "one of two bodies, by a condition";
  let description = [{
    The results are what the first body yields where `condition` is true, and what the
    second one yields elsewhere. Only that body is executed. Both may read values from
    around the op.

    | value       | shape | unit | meaning                     |
    |-------------|-------|------|-----------------------------|
    | `condition` | one   | -    | which body is executed      |
    | `results`   | any   | -    | one for each value yielded  |

    * (C1) Both bodies end in `graph.yield`.
    * (C2) Both yield values of the same types: memory is planned before it is known
      which one is executed.

    Example:

    ```mlir
    %y = graph.if %first {
      graph.yield %x : tensor<?x8xf32, #graph.dims<L, 8>>
    } else {
      %sum = graph.add %x, %past : (tensor<?x8xf32, #graph.dims<L, 8>>, tensor<8xf32>) -> tensor<?x8xf32, #graph.dims<L, 8>>
      graph.yield %sum : tensor<?x8xf32, #graph.dims<L, 8>>
    } : (tensor<i1>) -> tensor<?x8xf32, #graph.dims<L, 8>>
    ```

    Source: ONNX If.
  }];
  let arguments = (ins 0DTensorOf<[Graph_Bool]>:$condition);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$thenBody, SizedRegion<1>:$elseBody);
  let assemblyFormat = [{
    $condition $thenBody `else` $elseBody attr-dict `:` functional-type(operands, results)
  }];
}

def Graph_LoopOp : Graph_ControlOp<"loop", [AttrSizedOperandSegments]> {
  let summary = "a body again and again, on what it yielded before";
  let description = [{
    Turn `i`, counted from 0, is executed while `i < count`, `i < limit` and `condition`,
    of which any may be absent; after a turn the condition is the first value that its
    body yielded.

        (condition, state_(i+1), row_i) = body(i, state_i)
        results = (state of the end, row_0 above row_1 above ...)

    | value       | shape      | unit  | meaning                                            |
    |-------------|------------|-------|----------------------------------------------------|
    | `count`     | a dim      | turns | a number that is known before the run              |
    | `limit`     | one        | turns | a number that is computed; 0 for negative ones     |
    | `condition` | one        | -     | whether there is a first turn                      |
    | `inits`     | any        | -     | the state before the first turn                    |
    | `results`   | of `inits`, then `count` rows | - | the last state, then what each turn yielded |

    * (C1) The body's arguments are the number of the turn, `tensor<i64>`, and the state,
      of the types of `inits`.
    * (C2) The body ends in `graph.yield`, of a `tensor<i1>` first when there is a
      `condition`, then of the state.
    * (C3) The state keeps its types from turn to turn.
    * (C4) Values that are yielded beyond the state are rows of results. Their number must
      be known: there is a `count`, and neither `limit` nor `condition`.
    * (C5) There is a `count`, a `limit` or a `condition`.

    Example:

    ```mlir
    %last, %all = graph.loop count #graph.dim<L> init(%x : tensor<8xf32>) {
    ^bb0(%i: tensor<i64>, %h: tensor<8xf32>):
      %next = graph.tanh %h : (tensor<8xf32>) -> tensor<8xf32>
      graph.yield %next, %next : tensor<8xf32>, tensor<8xf32>
    } -> tensor<8xf32>, tensor<?x8xf32, #graph.dims<L, 8>>
    ```

    Source: ONNX Loop.
  }];
  let arguments = (ins OptionalAttr<Graph_DimAttr>:$count,
                       Optional<0DTensorOf<[I64]>>:$limit,
                       Optional<0DTensorOf<[Graph_Bool]>>:$condition,
                       Variadic<Graph_Tensor>:$inits);
  let results = (outs Variadic<Graph_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`count` $count^)? (`limit` $limit^ `:` type($limit))?
    (`while` $condition^ `:` type($condition))?
    `init` `(` ($inits^ `:` type($inits))? `)` $body attr-dict (`->` type($results)^)?
  }];
}

#endif // TENON_DIALECTS_GRAPH_GRAPHCONTROLOPS_TD
