//===- NodeTable.cpp - finding and applying the rule of a node ------------===//

#include "frontends/Onnx/NodeTable.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;

/// All forms of each op by its name.
static const llvm::StringMap<SmallVector<const NodeRule *>> &rulesByOp() {
  static const auto rules = [] {
    llvm::StringMap<SmallVector<const NodeRule *>> byOp;
    for (ArrayRef<NodeRule> family :
         {elementwiseRules(), shapeRules(), mathRules(), indexRules(),
          normRules(), attentionRules(), quantRules(), quantBlockRules(),
          constantRules(), controlRules()})
      for (const NodeRule &rule : family)
        byOp[rule.op].push_back(&rule);
    return byOp;
  }();
  return rules;
}

/// The newest form that the node's operator set has; null: not supported.
static const NodeRule *findRule(const Node &node, int64_t opset) {
  auto forms = rulesByOp().find(node.opType);
  if (forms == rulesByOp().end())
    return nullptr;
  const NodeRule *best = nullptr;
  for (const NodeRule *rule : forms->second) {
    bool isSameDomain =
        rule->domain == node.domain ||
        (isOnnxDomain(rule->domain) && isOnnxDomain(node.domain));
    if (isSameDomain && rule->since <= opset &&
        (!best || best->since < rule->since))
      best = rule;
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Unsupported ops
//===----------------------------------------------------------------------===//

namespace {
struct Unsupported {
  unsigned count = 0;
  std::string firstNode;
};
/// By domain and op, in the order of the model.
using UnsupportedOps =
    llvm::MapVector<std::pair<StringRef, StringRef>, Unsupported>;
} // namespace

static void collectUnsupported(const Model &model, const Graph &graph,
                               UnsupportedOps &ops) {
  for (const Node &node : graph.nodes) {
    std::optional<int64_t> opset = model.opsetOf(node.domain);
    if (!opset || !findRule(node, *opset)) {
      Unsupported &op = ops[{node.domain, node.opType}];
      if (op.count++ == 0)
        op.firstNode = displayName(node);
    }
    for (const NodeAttribute &attribute : node.attributes)
      for (const Graph &branch : attribute.graphs)
        collectUnsupported(model, branch, ops);
  }
}

LogicalResult onnx::checkSupported(Importer &importer) {
  UnsupportedOps ops;
  collectUnsupported(importer.model, importer.model.graph, ops);
  if (ops.empty())
    return success();
  std::string list;
  for (const auto &[op, found] : ops) {
    list += list.empty() ? "" : ", ";
    list += op.second.str() + " (domain '" +
            (isOnnxDomain(op.first) ? "ai.onnx" : op.first.str()) + "', " +
            std::to_string(found.count) +
            (found.count == 1 ? " node" : " nodes") + ", first '" +
            found.firstNode + "')";
  }
  int64_t opset = importer.model.opsetOf("").value_or(0);
  return importer.fail(
      importer.locationOf(ops.front().second.firstNode),
      Twine(ops.size()) + (ops.size() == 1 ? " op is" : " ops are") +
          " not supported under operator set " + Twine(opset) + ": " + list);
}

//===----------------------------------------------------------------------===//
// Import
//===----------------------------------------------------------------------===//

static std::string describeArity(const NodeRule &rule) {
  std::string least = std::to_string(rule.minInputs);
  if (rule.maxInputs == rule.minInputs)
    return least;
  return rule.maxInputs < 0 ? "at least " + least
                            : least + " to " + std::to_string(rule.maxInputs);
}

static LogicalResult checkArity(const NodeRule &rule, NodeBuilder &b) {
  auto given = static_cast<int32_t>(b.numInputs());
  if (given < rule.minInputs || (rule.maxInputs >= 0 && given > rule.maxInputs))
    return b.error("wrong number of inputs: expected " + describeArity(rule) +
                   ", got " + Twine(given));
  for (int32_t input = 0; input < rule.minInputs; ++input)
    if (!b.has(input))
      return b.error("input " + Twine(input) +
                     " is required but its name is empty");
  return success();
}

LogicalResult onnx::importByRule(Importer &importer, const Node &node) {
  int64_t opset = *importer.model.opsetOf(node.domain);
  const NodeRule &rule = *findRule(node, opset);
  NodeBuilder b(importer, node, opset);
  if (failed(checkArity(rule, b)))
    return failure();
  if ((!rule.evaluate || !rule.evaluate(b)) && failed(rule.import(b)))
    return failure();
  if (b.hasFailed())
    return failure();
  for (unsigned output = 0; output < node.outputs.size(); ++output)
    if (b.isUsed(output) && !importer.find(node.outputs[output]))
      return b.error("output " + Twine(output) + " ('" +
                     StringRef(node.outputs[output]) + "') is not supported");
  return success();
}
