//===- GridForms.cpp - how a kernel's grid may lie over its result --------===//

#include "passes/Fusion/GridForms.h"

#include "dialects/Graph/GraphDialect.h"

using namespace mlir;

namespace tenon {

static SmallVector<unsigned, 2> dimRange(unsigned begin, unsigned end) {
  return llvm::to_vector_of<unsigned, 2>(llvm::seq(begin, end));
}

/// Every dim an axis: what a concat or a pad of any dims can be made on.
static GridForm allAxes(unsigned rank, GridExtent last) {
  GridForm form;
  for (unsigned d = 0; d < rank; ++d)
    form.push_back({{d},
                    d + 1 == rank   ? last
                    : d + 2 == rank ? GridExtent::Rows
                                    : GridExtent::One});
  return form;
}

SmallVector<GridForm> gridForms(KernelClass kernelClass, unsigned rank) {
  if (rank == 0)
    return {{}};
  unsigned last = rank - 1;
  GridAxis columns{{last}, GridExtent::Columns},
      whole{{last}, GridExtent::Whole};
  switch (kernelClass) {
  case KernelClass::Attention:
    return {{{{2}, GridExtent::Rows}, {{3}, GridExtent::Whole}}};
  case KernelClass::Contraction:
    if (rank == 1)
      return {{columns}};
    if (rank == 2)
      return {{{{0}, GridExtent::Rows}, columns}};
    return {{{dimRange(0, last), GridExtent::Rows}, columns},
            {{{last - 1}, GridExtent::Rows}, columns}};
  case KernelClass::Reduction:
    if (rank == 1)
      return {{whole}, {columns}};
    return {{{dimRange(0, last), GridExtent::Rows}, whole},
            {{dimRange(0, last), GridExtent::Rows}, columns},
            {{{last - 1}, GridExtent::Rows}, whole},
            {{{last - 1}, GridExtent::Rows}, columns},
            {columns},
            allAxes(rank, GridExtent::Whole),
            allAxes(rank, GridExtent::Columns)};
  default:
    if (rank == 1)
      return {{columns}};
    return {{{dimRange(0, rank), GridExtent::Columns}},
            {{dimRange(0, last), GridExtent::Rows}, columns},
            {{{last - 1}, GridExtent::Rows}, columns},
            {columns},
            allAxes(rank, GridExtent::Columns)};
  }
}

bool isPossible(Value core, const GridForm &form) {
  auto type = cast<RankedTensorType>(core.getType());
  return llvm::all_of(form, [&](const GridAxis &axis) {
    return axis.extent != GridExtent::Whole || !type.isDynamicDim(axis.dims[0]);
  });
}

tile::TensorSizes graphSizes(MLIRContext *context) {
  tile::TensorSizes sizes;
  sizes.sizeOf = [](Value value, unsigned d) -> Attribute {
    return graph::getDim(cast<RankedTensorType>(value.getType()), d);
  };
  sizes.productOf = [context](ArrayRef<Attribute> dims) -> Attribute {
    graph::DimAttr product = graph::DimAttr::getConstant(context, 1);
    for (Attribute dim : dims)
      product = product.mul(cast<graph::DimAttr>(dim));
    return product;
  };
  sizes.constantOf = [](Attribute dim) {
    return cast<graph::DimAttr>(dim).getConstantValue();
  };
  return sizes;
}

/// The extent of a tile along the axis.
static Attribute extentOf(tile::KernelBuilder &builder, Value core,
                          const GridAxis &axis) {
  switch (axis.extent) {
  case GridExtent::Rows:
    return builder.symbol("BM");
  case GridExtent::Columns:
    return builder.symbol("BN");
  case GridExtent::Whole:
    return builder.number(*builder.constantSizeOf(core, axis.dims[0]));
  case GridExtent::One:
    return builder.number(1);
  }
  llvm_unreachable("all blocks are handled");
}

tile::Window buildGrid(tile::KernelBuilder &builder, Value core,
                       const GridForm &form) {
  OpBuilder &b = builder.builder();
  unsigned rank = cast<RankedTensorType>(core.getType()).getRank();
  SmallVector<Value> gridSizes;
  SmallVector<Attribute> blocks;
  auto addAxis = [&](ArrayRef<unsigned> dims, Attribute block) {
    SmallVector<Attribute> sizes;
    for (unsigned d : dims)
      sizes.push_back(builder.sizeAttrOf(core, d));
    gridSizes.push_back(
        builder.sizeValue(builder.tensorSizes().productOf(sizes)));
    blocks.push_back(block);
  };
  SmallVector<unsigned> points;
  for (unsigned d = 0; d < rank; ++d)
    if (llvm::none_of(form, [&](const GridAxis &axis) {
          return llvm::is_contained(axis.dims, d);
        }))
      points.push_back(d);
  for (unsigned d : points)
    addAxis({d}, builder.number(1));
  for (const GridAxis &axis : form)
    if (axis.extent != GridExtent::Whole)
      addAxis(axis.dims, extentOf(builder, core, axis));

  auto grid = tile::GridOp::create(
      b, builder.loc(), SmallVector<Type>(gridSizes.size(), b.getIndexType()),
      gridSizes, b.getArrayAttr(blocks));
  tile::Window window;
  window.points.resize(rank);
  unsigned next = 0;
  for (unsigned d : points)
    window.points[d] = grid.getResult(next++);
  for (const GridAxis &axis : form) {
    Value offset =
        axis.extent == GridExtent::Whole ? Value() : grid.getResult(next++);
    window.axes.push_back({axis.dims, offset, extentOf(builder, core, axis)});
  }
  return window;
}

} // namespace tenon
