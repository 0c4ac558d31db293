//===- PlanBuilder.cpp - an exec.program as the plan of an artifact -------===//

#include "compiler/PlanBuilder.h"

#include "compiler/Emit/Cpu/LinkObject.h"
#include "compiler/WeightBytes.h"
#include "dialects/Graph/GraphDialect.h"
#include "dialects/Tile/Products.h"
#include "dialects/Tile/TileDialect.h"
#include "passes/Schedule/ScheduleReason.h"
#include "runtime/Abi/Expr.h"

#include "llvm/Config/llvm-config.h"

using namespace mlir;

namespace tenon {
namespace {

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::optional<abi::DType> floatDType(Type type) {
  if (type.isF32())
    return abi::DType::F32;
  if (type.isF16())
    return abi::DType::F16;
  if (type.isBF16())
    return abi::DType::BF16;
  if (type.isF64())
    return abi::DType::F64;
  if (isa<Float8E4M3FNType>(type))
    return abi::DType::F8E4M3;
  if (isa<Float8E5M2Type>(type))
    return abi::DType::F8E5M2;
  return std::nullopt;
}

std::optional<abi::DType> dtypeOf(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return floatDType(type);
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return abi::DType::Bool;
  case 4:
    return isUnsigned ? abi::DType::U4 : abi::DType::I4;
  case 8:
    return isUnsigned ? abi::DType::U8 : abi::DType::I8;
  case 16:
    return isUnsigned ? abi::DType::U16 : abi::DType::I16;
  case 32:
    return isUnsigned ? abi::DType::U32 : abi::DType::I32;
  case 64:
    return isUnsigned ? abi::DType::U64 : abi::DType::I64;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

class PlanBuilder {
public:
  PlanBuilder(exec::ProgramOp program, Attribute target,
              const CompiledKernels &kernels)
      : program(program), symbolTable(program->getParentOp()), target(target),
        kernels(kernels) {}

  FailureOr<ProgramPlan> build();

private:
  void addTarget();
  LogicalResult addTensors(TypeRange types, ArrayAttr names,
                           std::vector<abi::Tensor> &tensors);
  LogicalResult checkSymbols();
  LogicalResult addStep(Operation *op);
  LogicalResult addLaunch(exec::LaunchOp launch);
  void addResults(exec::LaunchOp launch, abi::Launch &step);
  void addCall(exec::CallOp call);
  FailureOr<abi::Function> functionOf(StringRef name, uint32_t numParameters,
                                      Block &steps);
  abi::BufferRef addWeight(exec::WeightOp weight);
  abi::BufferRef addSlot(exec::SlotOp slot);
  FailureOr<uint32_t> kernelOf(exec::LaunchOp launch, StringRef name);
  FailureOr<abi::Kernel> cpuKernel(exec::LaunchOp launch, StringRef name);
  abi::Kernel deviceKernel(StringRef name, const DeviceForm &form);
  abi::Expr instancesOf(ArrayAttr grid, ArrayRef<int64_t> blocks);
  LogicalResult addVariants(exec::LaunchOp launch, abi::Launch &step);
  abi::Expr formula(Attribute dim);
  abi::Expr figure(Attribute dim);
  uint32_t symbolNumber(StringRef name);
  abi::Symbol declare(StringRef name);

  exec::ProgramOp program;
  SymbolTable symbolTable;
  Attribute target;
  const CompiledKernels &kernels;

  ProgramPlan result;
  abi::Plan &plan = result.plan;
  abi::Function body; ///< the one whose steps are added now
  llvm::StringMap<uint32_t> symbolNumbers, kernelNumbers;
  /// Functions that are called; after the model, in order of their first call.
  llvm::SetVector<exec::FunctionOp> called;
  DenseMap<Value, abi::BufferRef> buffers;
};

void PlanBuilder::addTarget() {
  plan.producer =
      "tenon " TENON_BUILD_VERSION " (llvm " LLVM_VERSION_STRING ")";
  if (auto gpu = dyn_cast<target::GpuAttr>(target)) {
    plan.target = "cuda:" + gpu.getName().str();
    return;
  }
  auto cpu = cast<target::CpuAttr>(target);
  plan.target = cpu.getName().str();
  for (auto feature : cpu.getFeatures().getAsRange<StringAttr>())
    plan.features.push_back(feature.getValue().str());
}

//===----------------------------------------------------------------------===//
// Symbols and formulas
//===----------------------------------------------------------------------===//

/// Bounds as declared; a symbol that is not declared is 1 or more.
abi::Symbol PlanBuilder::declare(StringRef name) {
  abi::Symbol symbol{name.str(), 1, INT64_MAX, 1};
  for (auto declared : program.getSymbols().getAsRange<graph::SymbolAttr>())
    if (declared.getName() == name) {
      symbol.min = declared.getMin();
      symbol.max = declared.getMax() < 0 ? INT64_MAX : declared.getMax();
      symbol.divisor = declared.getDivisor();
    }
  return symbol;
}

uint32_t PlanBuilder::symbolNumber(StringRef name) {
  auto [position, isNew] = symbolNumbers.try_emplace(name, plan.symbols.size());
  if (isNew)
    plan.symbols.push_back(declare(name));
  return position->second;
}

abi::Expr PlanBuilder::formula(Attribute dim) {
  abi::Expr sum = abi::constant(0);
  for (graph::TermAttr term : cast<graph::DimAttr>(dim).getTerms()) {
    abi::Expr product = abi::constant(term.getCoefficient());
    for (StringAttr symbol : term.getSymbols())
      product = abi::mul(product, abi::symbol(symbolNumber(symbol.getValue())));
    sum = abi::add(sum, product);
  }
  return sum;
}

/// A formula for people: nothing where it is not known.
abi::Expr PlanBuilder::figure(Attribute dim) {
  bool isKnown = dim && !cast<graph::DimAttr>(dim).isUnknown();
  return isKnown ? formula(dim) : abi::Expr();
}

LogicalResult PlanBuilder::addTensors(TypeRange types, ArrayAttr names,
                                      std::vector<abi::Tensor> &tensors) {
  for (auto [type, name] :
       llvm::zip_equal(types, names.getAsRange<StringAttr>())) {
    auto tensorType = dyn_cast<RankedTensorType>(type);
    std::optional<abi::DType> dtype =
        tensorType ? dtypeOf(tensorType.getElementType()) : std::nullopt;
    if (!dtype)
      return program.emitError()
             << name << " has type " << type << ", which no artifact can hold";
    abi::Tensor &tensor =
        tensors.emplace_back(abi::Tensor{name.getValue().str(), *dtype, {}});
    for (graph::DimAttr dim : graph::getDims(tensorType)) {
      if (dim.isUnknown())
        return program.emitError()
               << name << " has a dim of unknown size: " << type;
      tensor.dims.push_back(formula(dim));
    }
  }
  return success();
}

/// Each symbol gets its value from an input whose dim it is.
LogicalResult PlanBuilder::checkSymbols() {
  for (auto [number, symbol] : llvm::enumerate(plan.symbols)) {
    bool isBound = llvm::any_of(plan.inputs, [&](const abi::Tensor &input) {
      return llvm::any_of(input.dims, [&](const abi::Expr &dim) {
        return abi::asSymbol(dim) == number;
      });
    });
    if (!isBound)
      return program.emitError()
             << "symbol " << symbol.name
             << " gets no value: expected an input with this dim by itself";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// "a, b": the weights of the model that `value` is made of.
std::string describe(func::FuncOp value) {
  std::string names;
  value.walk([&](graph::WeightOp weight) {
    names += (names.empty() ? "" : ", ") + weight.getRef().getName().str();
  });
  return names.empty() ? "constant" : names;
}

std::string describeLayout(func::FuncOp value) {
  Value result = value.getBody().front().getTerminator()->getOperand(0);
  auto order = result.getDefiningOp<tile::PackOp>();
  if (!order)
    return "row-major";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << order.getLayout();
  return text;
}

abi::BufferRef PlanBuilder::addWeight(exec::WeightOp weight) {
  auto value = symbolTable.lookup<func::FuncOp>(weight.getValue());
  result.weights.push_back(value);
  abi::WeightSection section{describe(value), describeLayout(value)};
  section.bytes = WeightBytes::countBytes(value);
  plan.weights.push_back(std::move(section));
  return {abi::Space::Weight, static_cast<uint32_t>(plan.weights.size() - 1)};
}

abi::BufferRef PlanBuilder::addSlot(exec::SlotOp slot) {
  abi::Expr bytes;
  for (Attribute size : slot.getSizes())
    bytes = bytes.empty() ? formula(size) : abi::max(bytes, formula(size));
  body.slots.push_back({bytes});
  return {abi::Space::Arena, static_cast<uint32_t>(body.slots.size() - 1)};
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

FailureOr<uint32_t> PlanBuilder::kernelOf(exec::LaunchOp launch,
                                          StringRef name) {
  auto [position, isNew] = kernelNumbers.try_emplace(name, plan.kernels.size());
  if (!isNew)
    return position->second;
  auto form = kernels.deviceForms.find(name);
  FailureOr<abi::Kernel> kernel = form == kernels.deviceForms.end()
                                      ? cpuKernel(launch, name)
                                      : deviceKernel(name, form->second);
  if (failed(kernel))
    return failure();
  kernel->name = name.str();
  kernel->numBuffers = launch.getBuffers().size();
  kernel->numScalars = launch.getScalars().size();
  plan.kernels.push_back(std::move(*kernel));
  return position->second;
}

/// By how many bits the factors have: GPUs multiply bf16 and f16 alike.
static abi::DType multipliedBy(tile::KernelOp kernel) {
  abi::DType type = abi::DType::F32;
  kernel.walk([&](tile::MmaOp product) {
    Type factor = tile::narrowOperand(product.getLhs()).elementType();
    unsigned bits = factor.getIntOrFloatBitWidth();
    type = bits == 16  ? abi::DType::BF16
           : bits == 8 ? abi::DType::I8
                       : abi::DType::F32;
    return WalkResult::interrupt();
  });
  return type;
}

abi::Kernel PlanBuilder::deviceKernel(StringRef name, const DeviceForm &form) {
  auto op = symbolTable.lookup<tile::KernelOp>(name);
  abi::Kernel kernel;
  kernel.blockThreads = form.numThreads;
  kernel.sharedBytes = form.sharedBytes;
  kernel.codes = form.codes;
  kernel.tensorMaps = form.tensorMaps;
  if (StringAttr source = op.getSourceAttr())
    kernel.source = source.getValue().str();
  kernel.schedule = scheduleText(op.getScheduleAttr());
  if (auto reason = op->getAttrOfType<StringAttr>("tenon.reason"))
    kernel.reason = reason.getValue().str();
  kernel.multiplies = multipliedBy(op);
  return kernel;
}

FailureOr<abi::Kernel> PlanBuilder::cpuKernel(exec::LaunchOp launch,
                                              StringRef name) {
  auto function = symbolTable.lookup<func::FuncOp>(name);
  if (!function)
    return launch.emitOpError() << "'" << name << "' is not lowered";
  FailureOr<uint64_t> address =
      symbolAddress(launch.getLoc(), kernels.code, name);
  if (failed(address))
    return failure();
  abi::Kernel kernel;
  kernel.address = *address;
  if (auto bytes = function->getAttrOfType<IntegerAttr>("tenon.scratch_bytes"))
    kernel.scratchBytes = bytes.getInt();
  if (auto source = function->getAttrOfType<StringAttr>("tenon.source"))
    kernel.source = source.getValue().str();
  if (auto schedule = function->getAttrOfType<DictionaryAttr>("tenon.schedule"))
    kernel.schedule = scheduleText(schedule);
  if (auto reason = function->getAttrOfType<StringAttr>("tenon.reason"))
    kernel.reason = reason.getValue().str();
  if (auto type = function->getAttrOfType<TypeAttr>("tenon.multiplies"))
    kernel.multiplies = dtypeOf(type.getValue()).value_or(abi::DType::F32);
  return kernel;
}

abi::Expr PlanBuilder::instancesOf(ArrayAttr grid, ArrayRef<int64_t> blocks) {
  abi::Expr instances = abi::constant(1);
  for (auto [size, block] : llvm::zip_equal(grid, blocks))
    instances =
        abi::mul(instances, abi::ceilDiv(formula(size), abi::constant(block)));
  return instances;
}

LogicalResult PlanBuilder::addVariants(exec::LaunchOp launch,
                                       abi::Launch &step) {
  for (exec::VariantAttr variant : launch.getVariantList()) {
    FailureOr<uint32_t> kernel =
        kernelOf(launch, variant.getKernel().getValue());
    if (failed(kernel))
      return failure();
    step.variants.push_back(
        {formula(launch.getGrid()[variant.getAxis()]), variant.getMost(),
         *kernel, instancesOf(launch.getGrid(), variant.getBlocks())});
  }
  return success();
}

LogicalResult PlanBuilder::addLaunch(exec::LaunchOp launch) {
  FailureOr<uint32_t> kernel = kernelOf(launch, launch.getKernel());
  if (failed(kernel))
    return failure();
  abi::Launch step{*kernel,
                   {},
                   {},
                   instancesOf(launch.getGrid(), launch.getBlocks()),
                   figure(launch.getFlopsAttr()),
                   figure(launch.getBytesAttr())};
  for (Value buffer : launch.getBuffers())
    step.buffers.push_back(buffers[buffer]);
  for (Attribute scalar : launch.getScalars())
    step.scalars.push_back(formula(scalar));
  if (failed(addVariants(launch, step)))
    return failure();
  addResults(launch, step);
  body.steps.emplace_back(std::move(step));
  return success();
}

/// What the launch writes, for people.
void PlanBuilder::addResults(exec::LaunchOp launch, abi::Launch &step) {
  std::optional<ArrayAttr> types = launch.getTensorTypes();
  std::optional<ArrayAttr> names = launch.getTensorNames();
  for (unsigned i = 0; types && i < types->size(); ++i) {
    auto type = cast<RankedTensorType>(cast<TypeAttr>((*types)[i]).getValue());
    std::optional<abi::DType> dtype = dtypeOf(type.getElementType());
    if (!dtype)
      return step.results.clear();
    abi::LaunchResult &result = step.results.emplace_back();
    result.dtype = *dtype;
    for (graph::DimAttr dim : graph::getDims(type))
      result.dims.push_back(formula(dim));
    if (names)
      for (auto name : cast<ArrayAttr>((*names)[i]).getAsRange<StringAttr>())
        result.names.push_back(name.getValue().str());
  }
}

void PlanBuilder::addCall(exec::CallOp call) {
  auto callee = symbolTable.lookup<exec::FunctionOp>(call.getCallee());
  called.insert(callee);
  auto place = llvm::find(called, callee) - called.begin();
  abi::Call step{static_cast<uint32_t>(1 + place), {}}; // the model is first
  for (Value buffer : call.getBuffers())
    step.arguments.push_back(buffers[buffer]);
  body.steps.emplace_back(std::move(step));
}

LogicalResult PlanBuilder::addStep(Operation *op) {
  auto number = [](int64_t n) { return static_cast<uint32_t>(n); };
  if (auto launch = dyn_cast<exec::LaunchOp>(op))
    return addLaunch(launch);
  if (auto call = dyn_cast<exec::CallOp>(op))
    addCall(call);
  else if (auto copy = dyn_cast<exec::CopyOp>(op))
    body.steps.emplace_back(abi::Copy{buffers[copy.getFrom()],
                                      buffers[copy.getTo()],
                                      formula(copy.getBytes())});
  else if (auto input = dyn_cast<exec::InputOp>(op))
    buffers[input] = {abi::Space::Input, number(input.getNumber())};
  else if (auto output = dyn_cast<exec::OutputOp>(op))
    buffers[output] = {abi::Space::Output, number(output.getNumber())};
  else if (auto parameter = dyn_cast<exec::ParameterOp>(op))
    buffers[parameter] = {abi::Space::Parameter, number(parameter.getNumber())};
  else if (auto weight = dyn_cast<exec::WeightOp>(op))
    buffers[weight] = addWeight(weight);
  else
    buffers[op->getResult(0)] = addSlot(cast<exec::SlotOp>(op));
  return success();
}

FailureOr<abi::Function>
PlanBuilder::functionOf(StringRef name, uint32_t numParameters, Block &steps) {
  body = {name.str(), numParameters, {}, {}};
  for (Operation &op : steps)
    if (failed(addStep(&op)))
      return failure();
  return std::move(body);
}

FailureOr<ProgramPlan> PlanBuilder::build() {
  addTarget();
  FunctionType type = program.getFunctionType();
  if (failed(
          addTensors(type.getInputs(), program.getInputNames(), plan.inputs)) ||
      failed(addTensors(type.getResults(), program.getOutputNames(),
                        plan.outputs)))
    return failure();
  FailureOr<abi::Function> main =
      functionOf("main", 0, program.getBody().front());
  if (failed(main))
    return failure();
  plan.functions.push_back(std::move(*main));
  size_t next = 0;
  while (next < called.size()) { // calls in it add to the list
    exec::FunctionOp layer = called[next++];
    FailureOr<abi::Function> function = functionOf(
        layer.getSymName(), layer.getNumParameters(), layer.getBody().front());
    if (failed(function))
      return failure();
    plan.functions.push_back(std::move(*function));
  }
  if (failed(checkSymbols()))
    return failure();
  return std::move(result);
}

} // namespace

FailureOr<ProgramPlan> buildPlan(exec::ProgramOp program, Attribute target,
                                 const CompiledKernels &kernels) {
  return PlanBuilder(program, target, kernels).build();
}

} // namespace tenon
