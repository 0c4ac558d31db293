//===- NodeTable.h - which ops are imported, and by what ------------------===//

#ifndef TENON_FRONTENDS_ONNX_NODETABLE_H
#define TENON_FRONTENDS_ONNX_NODETABLE_H

#include "frontends/Onnx/NodeBuilder.h"

namespace tenon::onnx {

/// A form of an op, from one version of its operator set on.
struct NodeRule {
  std::string_view domain;
  std::string_view op;
  int32_t
      since; ///< the first version of the domain's operator set with this form
  int32_t minInputs; ///< so many are there and not empty
  int32_t maxInputs; ///< -1: any number
  /// Builds graph ops.
  mlir::LogicalResult (*import)(NodeBuilder &);
  /// Computes sizes from sizes instead; false when it cannot. May be null.
  bool (*evaluate)(NodeBuilder &);
};

// The table, by op family; each part stands below its importers.
llvm::ArrayRef<NodeRule> elementwiseRules();
llvm::ArrayRef<NodeRule> shapeRules();
llvm::ArrayRef<NodeRule> mathRules();
llvm::ArrayRef<NodeRule> indexRules();
llvm::ArrayRef<NodeRule> normRules();
llvm::ArrayRef<NodeRule> attentionRules();
llvm::ArrayRef<NodeRule> quantRules();
llvm::ArrayRef<NodeRule> quantBlockRules();
llvm::ArrayRef<NodeRule> constantRules();
llvm::ArrayRef<NodeRule> controlRules();

/// Fails with one error that lists all ops of the model without a rule.
mlir::LogicalResult checkSupported(Importer &importer);

/// Imports a node whose inputs are all defined.
mlir::LogicalResult importByRule(Importer &importer, const Node &node);

} // namespace tenon::onnx

#endif // TENON_FRONTENDS_ONNX_NODETABLE_H
