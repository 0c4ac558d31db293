//===- GraphTiles.cpp - how each op becomes tiles --------------------------===//

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::graph;

KernelClass IotaOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> IotaOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ReshapeOp::getKernelClass() { return KernelClass::View; }
FailureOr<tile::AxisTile> ReshapeOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass TransposeOp::getKernelClass() { return KernelClass::View; }
FailureOr<tile::AxisTile> TransposeOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass BroadcastOp::getKernelClass() { return KernelClass::View; }
FailureOr<tile::AxisTile> BroadcastOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SliceOp::getKernelClass() { return KernelClass::View; }
FailureOr<tile::AxisTile> SliceOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ConcatOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ConcatOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass PadOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> PadOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass GatherOp::getKernelClass() { return KernelClass::Gather; }
FailureOr<tile::AxisTile> GatherOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass MatmulOp::getKernelClass() { return KernelClass::Contraction; }
FailureOr<tile::AxisTile> MatmulOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass AttentionOp::getKernelClass() { return KernelClass::Attention; }
FailureOr<tile::AxisTile> AttentionOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ReduceOp::getKernelClass() { return KernelClass::Reduction; }
FailureOr<tile::AxisTile> ReduceOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SoftmaxOp::getKernelClass() { return KernelClass::Reduction; }
FailureOr<tile::AxisTile> SoftmaxOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass LayerNormOp::getKernelClass() { return KernelClass::Reduction; }
FailureOr<tile::AxisTile> LayerNormOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass RmsNormOp::getKernelClass() { return KernelClass::Reduction; }
FailureOr<tile::AxisTile> RmsNormOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass NegOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> NegOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass AbsOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> AbsOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SignOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SignOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ExpOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ExpOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass LogOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> LogOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SqrtOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SqrtOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass RsqrtOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> RsqrtOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ReciprocalOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ReciprocalOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ErfOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ErfOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass TanhOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> TanhOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SinOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SinOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass CosOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> CosOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SigmoidOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SigmoidOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SiluOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SiluOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ReluOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ReluOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass FloorOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> FloorOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass CeilOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> CeilOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass RoundOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> RoundOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass GeluOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> GeluOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass IsNanOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> IsNanOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass NotOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> NotOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass CastOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> CastOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass AddOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> AddOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SubOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SubOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass MulOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> MulOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass DivOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> DivOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass ModOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> ModOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass PowOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> PowOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass MaxOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> MaxOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass MinOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> MinOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass SwigluOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> SwigluOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass AndOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> AndOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass OrOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> OrOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass XorOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> XorOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass CompareOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> CompareOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
KernelClass WhereOp::getKernelClass() { return KernelClass::Elementwise; }
FailureOr<tile::AxisTile> WhereOp::buildTile(tile::KernelBuilder &, unsigned, const tile::Region &) { return failure(); }
