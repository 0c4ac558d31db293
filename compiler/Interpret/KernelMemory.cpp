//===- KernelMemory.cpp - the buffers that an interpreted kernel sees -----===//

#include "compiler/Interpret/KernelMemory.h"

#include "dialects/Graph/GraphReference.h"

using namespace mlir;
using namespace tenon;

static constexpr int64_t kNobody = -1;

/// The tensor's elements where the layout puts them; padding is zero.
static ReferenceTensor inMemoryOrder(const ReferenceTensor &tensor,
                                     tile::LayoutAttr layout) {
  int64_t size =
      layout ? layout.getNumElements(tensor.dims()) : tensor.numElements();
  ReferenceTensor memory(tensor.elementType(), {size});
  graph::forEachIndex(tensor.dims(), [&](ArrayRef<int64_t> index) {
    int64_t from = tensor.offset(index);
    int64_t to = layout ? layout.getOffset(tensor.dims(), index) : from;
    graph::copyElement(tensor, from, memory, to);
  });
  return memory;
}

KernelMemory::KernelMemory(ArrayRef<ReferenceTensor> inputs,
                           ArrayRef<tile::LayoutAttr> layouts,
                           SmallVector<ReferenceTensor> outputs)
    : numInputs(inputs.size()) {
  for (auto [input, layout] : llvm::zip_equal(inputs, layouts))
    buffers.push_back({inMemoryOrder(input, layout), layout, {}});
  for (ReferenceTensor &output : outputs) {
    std::vector<int64_t> nobody(output.numElements(), kNobody);
    buffers.push_back({std::move(output), nullptr, std::move(nobody)});
  }
}

InFlightDiagnostic tenon::emitKernelError(Operation *op) {
  auto kernel = op->getParentOfType<tile::KernelOp>();
  return op->emitOpError() << "of kernel '" << kernel.getSymName() << "' ";
}

static std::string describe(tile::LayoutAttr layout) {
  if (!layout)
    return "row-major";
  std::string text;
  llvm::raw_string_ostream(text) << layout;
  return text;
}

LogicalResult KernelMemory::checkView(Operation *op,
                                      const KernelView &view) const {
  const Buffer &buffer = buffers[view.buffer];
  if (view.layout != buffer.layout)
    return emitKernelError(op)
           << "has another layout than what it is given: expected "
           << describe(buffer.layout) << ", got " << describe(view.layout);
  int64_t size = 1;
  for (int64_t dim : view.sizes)
    size *= dim;
  if (view.layout)
    size = view.layout.getNumElements(view.sizes);
  int64_t available = buffer.elements.numElements();
  if (size != available)
    return emitKernelError(op) << "does not cover its buffer: expected "
                               << available << " elements, got " << size;
  return success();
}

/// Where the element at `index` is in memory; nothing outside the view.
static std::optional<int64_t> positionOf(const KernelView &view,
                                         ArrayRef<int64_t> index) {
  int64_t position = 0;
  for (auto [i, size] : llvm::zip_equal(index, view.sizes)) {
    if (i < 0 || i >= size)
      return std::nullopt;
    position = position * size + i;
  }
  return view.layout ? view.layout.getOffset(view.sizes, index) : position;
}

LogicalResult KernelMemory::read(Operation *op, const KernelView &view,
                                 ArrayRef<int64_t> index, ReferenceTensor &tile,
                                 int64_t position) const {
  std::optional<int64_t> from = positionOf(view, index);
  if (!from)
    return success();
  const Buffer &buffer = buffers[view.buffer];
  if (isOutput(view.buffer) && buffer.writers[*from] != instance)
    return emitKernelError(op) << "reads element " << *from << " of output "
                               << view.buffer - numInputs << ", which instance "
                               << instance << " has not written";
  graph::copyElement(buffer.elements, *from, tile, position);
  return success();
}

LogicalResult KernelMemory::write(Operation *op, const KernelView &view,
                                  ArrayRef<int64_t> index,
                                  const ReferenceTensor &tile,
                                  int64_t position) {
  if (!isOutput(view.buffer))
    return emitKernelError(op) << "writes to input " << view.buffer;
  std::optional<int64_t> to = positionOf(view, index);
  if (!to)
    return success();
  Buffer &buffer = buffers[view.buffer];
  int64_t &writer = buffer.writers[*to];
  if (writer != kNobody && writer != instance)
    return emitKernelError(op)
           << "writes element " << *to << " of output "
           << view.buffer - numInputs
           << " in two instances: " << std::min(writer, instance) << " and "
           << std::max(writer, instance);
  writer = instance;
  graph::copyElement(tile, position, buffer.elements, *to);
  return success();
}

FailureOr<SmallVector<ReferenceTensor>>
KernelMemory::takeOutputs(tile::KernelOp kernel) {
  SmallVector<ReferenceTensor> outputs;
  for (unsigned number = numInputs; number < buffers.size(); ++number) {
    Buffer &buffer = buffers[number];
    auto unwritten = llvm::find(buffer.writers, kNobody);
    if (unwritten != buffer.writers.end())
      return kernel.emitOpError()
             << "'" << kernel.getSymName() << "' leaves element "
             << unwritten - buffer.writers.begin() << " of output "
             << number - numInputs << " unwritten";
    outputs.push_back(std::move(buffer.elements));
  }
  return outputs;
}
