//===- Importer.h - one walk over a model's nodes -------------------------===//
//
// What is learned about symbols on the way (batch_1 is batch) may come after
// types were made with them, so importOnnx walks again until a walk learns
// nothing; a walk costs milliseconds, since weights are references.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_FRONTENDS_ONNX_IMPORTER_H
#define TENON_FRONTENDS_ONNX_IMPORTER_H

#include "frontends/Onnx/Import.h"
#include "frontends/Onnx/ShapeValue.h"
#include "frontends/Onnx/Symbols.h"
#include "frontends/Onnx/Tensors.h"

namespace tenon::onnx {

/// What an ONNX name stands for. It always has a type; the graph value is made
/// when an op needs it as data, since most shape arithmetic is never needed so.
struct Imported {
  mlir::RankedTensorType type;
  mlir::Location loc;
  mlir::Value value;
  std::optional<ShapeValue> shape;  ///< the elements, where import knows them
  std::optional<Tensor> tensor;     ///< an initializer or constant
  mlir::DenseElementsAttr elements; ///< of a tensor that is no weight
  /// How many bodies around its name are open; it is made no deeper.
  size_t depth = 0;
};

struct ImportError {
  mlir::Location loc;
  std::string message;
};

class Importer {
public:
  Importer(const Model &model, const ImportOptions &options, Symbols &symbols,
           mlir::MLIRContext *context);

  /// The module, not verified; null: see error().
  mlir::OwningOpRef<mlir::ModuleOp> run();
  const ImportError &error() const { return *firstError; }

  /// Something that import did with a tensor or node, for an `Import` remark.
  struct Note {
    mlir::Location loc;
    std::string text;
  };
  llvm::ArrayRef<Note> notes() const { return allNotes; }

  // For importers of nodes.

  mlir::OpBuilder builder;
  Symbols &symbols;
  const Model &model;

  /// What `name` stands for; null when nothing before defines it.
  Imported *find(llvm::StringRef name);
  /// Fails, saying so at the node, when the name is taken.
  mlir::LogicalResult define(llvm::StringRef name, Imported imported,
                             const Node &node);
  /// The graph value of what was imported, made here when it was not yet.
  mlir::Value materialize(Imported &imported);
  /// The elements, where they are known; null otherwise.
  const ShapeValue *shapeOf(Imported &imported);
  mlir::LogicalResult addTensor(const TensorRef &ref, llvm::StringRef name,
                                mlir::Location loc);
  /// Nodes of the model's graph or of a branch that is always taken.
  mlir::LogicalResult importGraph(const Graph &graph);
  /// Fills an empty block with the graph, between `begin`, which defines its
  /// inputs, and `end`, which takes its outputs. Names from around it are seen;
  /// those defined in it are forgotten after it.
  mlir::LogicalResult
  importBody(const Graph &graph, mlir::Block &block,
             llvm::function_ref<mlir::LogicalResult()> begin,
             llvm::function_ref<mlir::LogicalResult()> end);

  /// Keeps the error, unless there is one already; always failure.
  mlir::LogicalResult fail(mlir::Location loc, const llvm::Twine &message);
  mlir::Location locationOf(llvm::StringRef name) const;

private:
  /// False when the name is taken.
  bool insert(llvm::StringRef name, Imported imported);
  mlir::LogicalResult importNode(const Node &node);
  mlir::FailureOr<mlir::func::FuncOp> createFunction();
  mlir::LogicalResult addInputs(mlir::func::FuncOp function);
  mlir::LogicalResult addOutputs(mlir::func::FuncOp function);
  mlir::FailureOr<mlir::RankedTensorType> inputType(const ValueInfo &input);
  mlir::FailureOr<llvm::SmallVector<std::string>>
  inputDims(const ValueInfo &input);
  mlir::Value materializeTensor(const Imported &imported);
  mlir::Value materializeShape(const ShapeValue &shape, mlir::Type elementType,
                               mlir::Location loc);
  mlir::Value materializeDim(graph::DimAttr dim, mlir::Location loc);
  mlir::Value materializeNotNegative(graph::DimAttr dim, mlir::Location loc);
  mlir::Value integers(llvm::ArrayRef<int64_t> values,
                       llvm::ArrayRef<int64_t> shape, mlir::Location loc);

  const ImportOptions &options;
  mlir::MLIRContext *context;
  mlir::Location fileLoc;
  llvm::StringMap<Imported> values;
  /// Of each open body: where ops go around it, and the names defined in it.
  struct Scope {
    mlir::OpBuilder::InsertPoint around;
    llvm::SmallVector<std::string> names;
  };
  llvm::SmallVector<Scope> scopes;
  std::optional<ImportError> firstError;
  llvm::SmallVector<Note> allNotes;
};

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_IMPORTER_H
