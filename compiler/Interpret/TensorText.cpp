//===- TensorText.cpp - a reference tensor as a line of text --------------===//

#include "compiler/Interpret/TensorText.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace tenon;

static void printElement(llvm::raw_ostream &os, const ReferenceTensor &tensor,
                         int64_t position, unsigned numDigits) {
  Type type = tensor.elementType();
  if (tensor.isFloat()) {
    double value = tensor.getFloat(position);
    if (std::isnan(value))
      os << "nan"; // without the sign, which no op promises
    else
      os << llvm::format("%.*g", numDigits, value);
  } else if (type.isInteger(1)) {
    os << (tensor.getInt(position) ? "true" : "false");
  } else if (type.isUnsignedInteger()) {
    os << static_cast<uint64_t>(tensor.getInt(position));
  } else {
    os << tensor.getInt(position);
  }
}

void tenon::printTensor(llvm::raw_ostream &os, const ReferenceTensor &tensor,
                        unsigned numDigits) {
  os << RankedTensorType::get(tensor.dims(), tensor.elementType());
  if (tensor.numElements() == 0)
    return;
  SmallVector<int64_t> index(tensor.rank(), 0);
  do {
    // As many `;` as dims begin again with this element.
    int64_t numRestarts = 0;
    for (int64_t d = tensor.rank() - 1; d >= 0 && index[d] == 0; --d)
      ++numRestarts;
    bool isFirst = numRestarts == tensor.rank();
    os << ' ';
    if (!isFirst && numRestarts > 0)
      os << std::string(numRestarts, ';') << ' ';
    printElement(os, tensor, tensor.offset(index), numDigits);
  } while (nextIndex(index, tensor.dims()));
}
