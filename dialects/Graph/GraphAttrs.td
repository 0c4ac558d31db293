#ifndef TENON_DIALECTS_GRAPH_GRAPHATTRS_TD
#define TENON_DIALECTS_GRAPH_GRAPHATTRS_TD

include "dialects/Graph/GraphDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"

class Graph_Attr<string name, string mnemonic_, list<Trait> traits = []>
    : AttrDef<Graph_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}

def Graph_TermAttr : Graph_Attr<"Term", "term"> {
  let summary = "coefficient times a product of symbols";
  let parameters = (ins "int64_t":$coefficient,
                        ArrayRefParameter<"::mlir::StringAttr">:$symbols);
  let hasCustomAssemblyFormat = 1;
}

def Graph_DimAttr : Graph_Attr<"Dim", "dim"> {
  let summary = "the size of one dimension: a polynomial over named symbols";
  let description = [{
    A sum of terms, kept sorted, so equal polynomials are the same attribute.
    `#graph.dim<2*B*L + 1>`, `#graph.dim<384>`, `#graph.dim<?>` (unknown; equal
    to nothing, itself included). Zero has no terms. Arithmetic whose coefficients
    do not fit 64 bits gives an unknown dim.
  }];
  let parameters = (ins ArrayRefParameter<"::tenon::graph::TermAttr">:$terms);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static DimAttr getConstant(::mlir::MLIRContext *context, int64_t value);
    static DimAttr getSymbol(::mlir::MLIRContext *context, ::llvm::StringRef name);
    static DimAttr getUnknown(::mlir::MLIRContext *context);
    bool isUnknown() const;
    /// The value when the polynomial is a number.
    ::std::optional<int64_t> getConstantValue() const;
    DimAttr add(DimAttr other) const;
    DimAttr sub(DimAttr other) const;
    DimAttr mul(DimAttr other) const;
    /// The quotient when `other` divides this without remainder, else null.
    DimAttr divideExactly(DimAttr other) const;
    /// The value under a binding of all symbols; nothing when one is missing,
    /// the dim is unknown, or the arithmetic overflows.
    ::std::optional<int64_t> evaluate(const ::llvm::StringMap<int64_t> &symbols) const;
    void collectSymbols(::llvm::SetVector<::mlir::StringAttr> &symbols) const;
    ::std::string str() const;
  }];
}

def Graph_DimsAttr : Graph_Attr<"Dims", "dims",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "the symbolic shape of a tensor, in its type's encoding";
  let description = [{
    `tensor<?x?x384xf32, #graph.dims<B, L, 384>>`: one polynomial a dimension. A
    static dimension is repeated as its number. A type with no dynamic dimension
    needs no encoding; `?` without one is unknown.
  }];
  let parameters = (ins ArrayRefParameter<"::tenon::graph::DimAttr">:$dims);
  let hasCustomAssemblyFormat = 1;
}

def Graph_SymbolAttr : Graph_Attr<"Symbol", "symbol"> {
  let summary = "a declared symbol: bounds and divisibility of a dimension";
  let description = [{
    Functions declare theirs in the attribute `graph.symbols`:
    `[#graph.symbol<"L" in 1 to 512 by 1>]`. `max` of -1 is unbounded.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "int64_t":$min, "int64_t":$max,
                        "int64_t":$divisor);
  let assemblyFormat = "`<` $name `in` $min `to` $max `by` $divisor `>`";
}

def Graph_WeightAttr : Graph_Attr<"Weight", "weight"> {
  let summary = "where a weight's bytes are";
  let description = [{
    `#graph.weight<"model.onnx" name "encoder.0.weight" at 4096 bytes 589824>`:
    the raw little-endian row-major elements in a file. They are read when the
    artifact is written, streaming; until then a weight is only this reference.
  }];
  let parameters = (ins "::mlir::StringAttr":$store, "::mlir::StringAttr":$name,
                        "int64_t":$offset, "int64_t":$bytes);
  let extraClassDeclaration = [{
    /// Bytes of a static tensor's elements in a file: a bool is a byte, 4-bit
    /// elements come two in a byte, the first one low.
    static int64_t countBytes(::mlir::RankedTensorType type);
  }];
  let assemblyFormat = "`<` $store `name` $name `at` $offset `bytes` $bytes `>`";
}

#endif // TENON_DIALECTS_GRAPH_GRAPHATTRS_TD
