//===- Tables.cpp - weights that a formula of positions explains ----------===//

#include "frontends/Onnx/Tables.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace tenon;
using namespace tenon::onnx;

namespace {

/// Rows and columns of a tensor whose other dims are 1.
struct Matrix {
  int64_t rows, columns;
};

std::optional<Matrix> asMatrix(RankedTensorType type) {
  if (type.getRank() < 2 ||
      llvm::any_of(type.getShape().drop_back(2),
                   [](int64_t size) { return size != 1; }))
    return std::nullopt;
  ArrayRef<int64_t> last = type.getShape().take_back(2);
  return Matrix{last[0], last[1]};
}

//===----------------------------------------------------------------------===//
// Triangles
//===----------------------------------------------------------------------===//

/// Smaller ones are as easily seen as numbers.
constexpr int64_t kSmallestTriangle = 4;

/// Element (i, j) is one value where j <= i and another one elsewhere; both as
/// the bytes of the file.
struct Triangle {
  std::string_view below, above;
};

std::optional<Triangle> readTriangle(std::string_view bytes, Matrix matrix) {
  int64_t size = matrix.rows;
  if (size != matrix.columns || size < kSmallestTriangle)
    return std::nullopt;
  size_t width = bytes.size() / (size * size);
  auto element = [&](int64_t i, int64_t j) {
    return bytes.substr((i * size + j) * width, width);
  };
  Triangle found{element(0, 0), element(0, 1)};
  if (found.below == found.above)
    return std::nullopt;
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < size; ++j)
      if (element(i, j) != (j <= i ? found.below : found.above))
        return std::nullopt;
  return found;
}

/// One element of the type as a constant of rank 0.
Value makeElement(OpBuilder &b, Location loc, Type type,
                  std::string_view bytes) {
  auto elements = DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get({}, type), ArrayRef(bytes.data(), bytes.size()));
  return graph::ConstantOp::create(b, loc, elements);
}

/// Whether the bytes are this small integer, the lowest byte first.
bool isNumber(std::string_view bytes, char number) {
  return bytes.front() == number &&
         bytes.substr(1).find_first_not_of('\0') == std::string_view::npos;
}

/// Null for a bool that is neither 0 nor 1, of which nobody says what it is.
Value buildTriangle(OpBuilder &b, Location loc, const Triangle &triangle,
                    RankedTensorType type) {
  Type elementType = type.getElementType();
  bool isTrueBelow = isNumber(triangle.below, 1) && isNumber(triangle.above, 0);
  bool isTrueAbove = isNumber(triangle.below, 0) && isNumber(triangle.above, 1);
  bool isBool = isa<IntegerType>(elementType) && (isTrueBelow || isTrueAbove);
  if (elementType.isInteger(1) && !isBool)
    return nullptr;
  int64_t rank = type.getRank();
  auto counters = type.clone(b.getI64Type());
  Value row = graph::IotaOp::create(b, loc, counters, rank - 2);
  Value column = graph::IotaOp::create(b, loc, counters, rank - 1);
  Value side = graph::CompareOp::create(
      b, loc, type.clone(b.getI1Type()), column, row,
      isBool && isTrueAbove ? graph::Predicate::Gt : graph::Predicate::Le);
  if (elementType.isInteger(1))
    return side;
  if (isBool)
    return graph::CastOp::create(b, loc, type, side, elementType);
  Value below = makeElement(b, loc, elementType, triangle.below);
  Value above = makeElement(b, loc, elementType, triangle.above);
  return graph::WhereOp::create(b, loc, type, side, below, above);
}

//===----------------------------------------------------------------------===//
// Rotary embedding
//===----------------------------------------------------------------------===//

/// In which order a row has its angles: each once, all of them twice, or each
/// one twice.
enum class Lanes { Once, Halves, Interleaved };

struct Rotation {
  bool isSine;
  Lanes lanes;
  double base;
  SmallVector<float> frequencies;
};

/// Rounding of one element is raised to the power of `count`; models have bases
/// of at most three digits and zeros: 10000, 500000.
double toRound(double base) {
  double unit = std::pow(10.0, std::floor(std::log10(base)) - 2.0);
  return std::round(base / unit) * unit;
}

class RotationTable {
public:
  RotationTable(std::string_view bytes, Matrix matrix)
      : bytes(bytes), matrix(matrix) {}

  std::optional<Rotation> read() const {
    // Position 0 is not rotated: this rejects all other weights at once.
    float first = at(0, 0);
    if (matrix.rows < 2 || matrix.columns < 2 || (first != 0 && first != 1))
      return std::nullopt;
    for (int64_t j = 0; j < matrix.columns; ++j)
      if (at(0, j) != first)
        return std::nullopt;
    for (Lanes lanes : {Lanes::Halves, Lanes::Interleaved, Lanes::Once})
      if (std::optional<Rotation> found = readLanes(first == 0, lanes))
        return found;
    return std::nullopt;
  }

private:
  float at(int64_t row, int64_t column) const {
    float value;
    std::memcpy(&value,
                bytes.data() + (row * matrix.columns + column) * sizeof(float),
                sizeof(float));
    return value;
  }

  int64_t frequencyOf(int64_t lane, Lanes lanes, int64_t count) const {
    return lanes == Lanes::Interleaved ? lane / 2 : lane % count;
  }

  std::optional<Rotation> readLanes(bool isSine, Lanes lanes) const {
    int64_t count = lanes == Lanes::Once ? matrix.columns : matrix.columns / 2;
    if (count < 2 || (lanes != Lanes::Once && matrix.columns % 2 != 0))
      return std::nullopt;
    // The second frequency is the largest one below 1, so the row of position 1
    // tells it well: base^(-1 / count).
    double second = at(1, lanes == Lanes::Interleaved ? 2 : 1);
    second = isSine ? std::asin(second) : std::acos(second);
    if (!(second > 0.0 && second < 1.0))
      return std::nullopt;
    double base = toRound(std::pow(second, -static_cast<double>(count)));
    Rotation rotation{isSine, lanes, base, {}};
    for (int64_t j = 0; j < count; ++j)
      rotation.frequencies.push_back(
          static_cast<float>(std::pow(base, -static_cast<double>(j) / count)));
    return explains(rotation) ? std::optional(rotation) : std::nullopt;
  }

  bool explains(const Rotation &rotation) const {
    auto count = static_cast<int64_t>(rotation.frequencies.size());
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t lane = 0; lane < matrix.columns; ++lane) {
        double angle =
            static_cast<double>(row) *
            rotation.frequencies[frequencyOf(lane, rotation.lanes, count)];
        double expected = rotation.isSine ? std::sin(angle) : std::cos(angle);
        // Frequency, product and curve are rounded, each a few times.
        double tolerance = std::ldexp(angle + 1.0, -21);
        if (!(std::abs(at(row, lane) - expected) <= tolerance))
          return false;
      }
    return true;
  }

  std::string_view bytes;
  Matrix matrix;
};

Value reshape(OpBuilder &b, Location loc, Value value,
              ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType()).clone(shape);
  return type == value.getType()
             ? value
             : graph::ReshapeOp::create(b, loc, type, value);
}

/// The angles in the order of the table's lanes.
Value spreadLanes(OpBuilder &b, Location loc, Value angles, Matrix matrix,
                  Lanes lanes) {
  auto type =
      RankedTensorType::get({matrix.rows, matrix.columns}, b.getF32Type());
  if (lanes == Lanes::Once)
    return angles;
  if (lanes == Lanes::Halves)
    return graph::ConcatOp::create(b, loc, type, ValueRange{angles, angles},
                                   /*axis=*/1);
  int64_t count = matrix.columns / 2;
  Value apart = reshape(b, loc, angles, {matrix.rows, count, 1});
  Value twice = graph::BroadcastOp::create(
      b, loc, type.clone({matrix.rows, count, 2}), apart);
  return reshape(b, loc, twice, type.getShape());
}

TableFormula buildRotation(OpBuilder &b, Location loc, const Rotation &rotation,
                           Matrix matrix, RankedTensorType type) {
  Type f32 = b.getF32Type();
  auto count = static_cast<int64_t>(rotation.frequencies.size());
  Value positions = graph::IotaOp::create(
      b, loc, RankedTensorType::get({matrix.rows, 1}, b.getI64Type()),
      /*axis=*/0);
  Value numbers = graph::CastOp::create(
      b, loc, RankedTensorType::get({matrix.rows, 1}, f32), positions, f32);
  Value frequencies = graph::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(RankedTensorType::get({count}, f32),
                             ArrayRef(rotation.frequencies)));
  Value angles = graph::MulOp::create(
      b, loc, RankedTensorType::get({matrix.rows, count}, f32), numbers,
      frequencies);
  angles = spreadLanes(b, loc, angles, matrix, rotation.lanes);
  Value curve =
      rotation.isSine
          ? Value(graph::SinOp::create(b, loc, angles.getType(), angles))
          : graph::CosOp::create(b, loc, angles.getType(), angles);
  return {reshape(b, loc, curve, type.getShape()),
          llvm::formatv("{0} of positions times powers of {1:f0}",
                        rotation.isSine ? "sin" : "cos", rotation.base)};
}

} // namespace

TableFormula onnx::buildTableFormula(OpBuilder &builder, Location loc,
                                     const Tensor &tensor) {
  RankedTensorType type = tensor.type();
  std::optional<Matrix> matrix = asMatrix(type);
  if (!matrix || type.getElementTypeBitWidth() == 4)
    return {};
  TableFormula formula;
  (void)tensor.withBytes([&](std::string_view bytes) {
    if (std::optional<Triangle> triangle = readTriangle(bytes, *matrix))
      formula = {buildTriangle(builder, loc, *triangle, type), "a triangle"};
    else if (type.getElementType().isF32())
      if (std::optional<Rotation> rotation =
              RotationTable(bytes, *matrix).read())
        formula = buildRotation(builder, loc, *rotation, *matrix, type);
  });
  return formula;
}
