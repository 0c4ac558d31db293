#ifndef TENON_DIALECTS_EXEC_EXECOPS_TD
#define TENON_DIALECTS_EXEC_EXECOPS_TD

include "dialects/Exec/ExecDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Exec_Op<string mnemonic, list<Trait> traits = []>
    : Op<Exec_Dialect, mnemonic, traits>;

def Exec_BufferType : TypeDef<Exec_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "bytes with a place; what they mean is the kernels' knowledge";
}

def Exec_VariantAttr : AttrDef<Exec_Dialect, "Variant"> {
  let mnemonic = "variant";
  let summary = "a kernel that a launch runs where a size is small";
  let description = [{
    `#exec.variant<@k_16, axis 0 at most 16, by [16, 48]>`: where axis `axis` of the
    launch's grid has at most `most` elements, `kernel` runs, and these are its
    blocks.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$kernel, "int64_t":$axis, "int64_t":$most,
                        "::mlir::DenseI64ArrayAttr":$blocks);
  let assemblyFormat = "`<` $kernel `,` `axis` $axis `at` `most` $most `,` `by` $blocks `>`";
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

def Exec_ProgramOp : Exec_Op<"program",
    [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "what the host does to run the model once";
  let description = [{
    The steps of the body run in order. The signature is that of the graph function
    it came from: a name and a tensor type an input and an output, and the bounds
    of the symbols in these types (the attributes of the graph, opaque here).

    * (C1) there is one name an input.
    * (C2) there is one name an output.

    Example:

    ```mlir
    exec.program @main inputs ["x"] outputs ["y"] symbols []
        : (tensor<4x8xf32>) -> tensor<4x8xf32> {
      %x = exec.input 0
      %y = exec.output 0
      exec.copy %x to %y bytes 128
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$input_names,
                       StrArrayAttr:$output_names, ArrayAttr:$symbols,
                       TypeAttrOf<FunctionType>:$function_type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `inputs` $input_names `outputs` $output_names `symbols` $symbols
    `:` $function_type $body attr-dict
  }];
  let hasVerifier = 1;
}

def Exec_FunctionOp : Exec_Op<"function",
    [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "steps that a program runs several times, with other buffers";
  let description = [{
    What a layer is that the model repeats. Its buffers come from the caller, its
    slots are its own, and lie behind the caller's.

    * (C1) the number of parameters is not negative.

    Example:

    ```mlir
    exec.function @layer parameters 2 {
      %x = exec.parameter 0
      %y = exec.parameter 1
      exec.copy %x to %y bytes #graph.dim<128>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$num_parameters);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `parameters` $num_parameters $body attr-dict";
  let hasVerifier = 1;
}

/// Steps and places stand in a program or in a function.
defvar Exec_InBody = ParentOneOf<["ProgramOp", "FunctionOp"]>;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

class Exec_BufferOp<string mnemonic, list<Trait> traits = []>
    : Exec_Op<mnemonic, traits # [Pure]> {
  let results = (outs Exec_BufferType:$buffer);
}

def Exec_InputOp : Exec_BufferOp<"input", [HasParent<"ProgramOp">]> {
  let summary = "the bytes that the caller gave as an input; never written";
  let description = [{
    * (C1) the program has an input of this number.

    Example: `%x = exec.input 0`
  }];
  let arguments = (ins I64Attr:$number);
  let assemblyFormat = "$number attr-dict";
  let hasVerifier = 1;
}

def Exec_OutputOp : Exec_BufferOp<"output", [HasParent<"ProgramOp">]> {
  let summary = "the bytes that the caller gets as an output";
  let description = [{
    * (C1) the program has an output of this number.

    Example: `%y = exec.output 0`
  }];
  let arguments = (ins I64Attr:$number);
  let assemblyFormat = "$number attr-dict";
  let hasVerifier = 1;
}

def Exec_ParameterOp : Exec_BufferOp<"parameter", [HasParent<"FunctionOp">]> {
  let summary = "the bytes that the caller of the function gave";
  let description = [{
    * (C1) the function has a parameter of this number.

    Example: `%x = exec.parameter 0`
  }];
  let arguments = (ins I64Attr:$number);
  let assemblyFormat = "$number attr-dict";
  let hasVerifier = 1;
}

def Exec_WeightOp : Exec_BufferOp<"weight", [Exec_InBody, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "bytes of the artifact";
  let description = [{
    `value` is a function of the graph without arguments, whose result is evaluated
    when the artifact is written.

    * (C1) `value` is a function without arguments and with one result.

    Example: `%w = exec.weight @weight_0`
  }];
  let arguments = (ins FlatSymbolRefAttr:$value);
  let assemblyFormat = "$value attr-dict";
}

def Exec_SlotOp : Exec_BufferOp<"slot", [Exec_InBody]> {
  let summary = "a range of the arena";
  let description = [{
    As large as the largest of `sizes`, in bytes: the values that lie here one after
    another. Slots never overlap.

    * (C1) there is a size.

    Example: `%s = exec.slot [#graph.dim<32*B>, #graph.dim<4096>]`
  }];
  let arguments = (ins ArrayAttr:$sizes);
  let assemblyFormat = "$sizes attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

def Exec_LaunchOp : Exec_Op<"launch",
    [Exec_InBody, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs all instances of a kernel, then goes on";
  let description = [{
    `buffers` are the kernel's inputs, then its outputs. There are
    `ceildiv(grid[0], blocks[0]) * ceildiv(grid[1], blocks[1]) * ..` instances.
    `flops` and `bytes`, where they are known, say how many operations these are, a
    multiply-add being two, and what they must at least move. `tensor_types` are
    those of the tensors in the last buffers, and `tensor_names`, for each of them,
    what the imported model calls it: one name, or in a function one for each call.
    The first of `variants` whose bound holds runs in place of the kernel. Which one
    that is follows from the symbols, so the host decides it once for all runs on the
    same shapes.

    * (C1) there is one block an axis of the grid, and each is at least 1.
    * (C2) the kernel and its variants are symbols of the module.
    * (C3) a variant is of an axis of the grid.

    Example: `exec.launch @k(%x, %w, %y) scalars [#graph.dim<B>] grid [#graph.dim<B>, #graph.dim<64>] by [8, 48]`
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Exec_BufferType>:$buffers,
                       ArrayAttr:$scalars, ArrayAttr:$grid, DenseI64ArrayAttr:$blocks,
                       OptionalAttr<AnyAttr>:$flops, OptionalAttr<AnyAttr>:$bytes,
                       OptionalAttr<TypeArrayAttr>:$tensor_types, OptionalAttr<ArrayAttr>:$tensor_names,
                       OptionalAttr<TypedArrayAttrBase<Exec_VariantAttr, "variants">>:$variants);
  let assemblyFormat = [{
    $kernel `(` $buffers `)` `scalars` $scalars `grid` $grid `by` $blocks attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::tenon::exec::VariantAttr> getVariantList();
  }];
}

def Exec_CallOp : Exec_Op<"call",
    [Exec_InBody, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs the steps of a function, then goes on";
  let description = [{
    `buffers` are the function's parameters.

    * (C1) the callee is an exec.function of the module.
    * (C2) there is one buffer a parameter.

    Example: `exec.call @layer(%x, %w, %y)`
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Exec_BufferType>:$buffers);
  let assemblyFormat = "$callee `(` $buffers `)` attr-dict";
}

def Exec_CopyOp : Exec_Op<"copy", [Exec_InBody]> {
  let summary = "moves bytes without a kernel";
  let description = [{
    For an output that no launch makes: an input, a constant, the same value twice.

    * (C1) `to` is an output, a slot or a parameter.

    Example: `exec.copy %x to %y bytes #graph.dim<32*B>`
  }];
  let arguments = (ins Exec_BufferType:$from, Exec_BufferType:$to, AnyAttr:$bytes);
  let assemblyFormat = "$from `to` $to `bytes` $bytes attr-dict";
  let hasVerifier = 1;
}

#endif // TENON_DIALECTS_EXEC_EXECOPS_TD
