//===- ControlFlow.h - executes graph.if and graph.loop -------------------===//

#ifndef TENON_COMPILER_INTERPRET_CONTROLFLOW_H
#define TENON_COMPILER_INTERPRET_CONTROLFLOW_H

#include "compiler/Interpret/Interpreter.h"

#include "llvm/ADT/SetVector.h"

namespace tenon {

/// The values around `op` that its bodies read, in a fixed order. A handler
/// gets them behind the operands.
llvm::SetVector<mlir::Value> capturesOf(mlir::Operation *op);

/// Teaches the interpreter both ops. It must outlive the handlers.
void addControlFlow(Interpreter &interpreter);

} // namespace tenon

#endif // TENON_COMPILER_INTERPRET_CONTROLFLOW_H
