//===- Parser.h - PTX 9.0 to Ast.h
//------------------------------------------===//
//
//   rt::Result<ptx::Text> text = ptx::parse(source, "gemm.ptx");
//
// Syntax only: what an opcode means, and whether it exists, the decoder knows.
// An error names the line: "gemm.ptx:7: expected ';', found '}'".
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_VIRTUALGPU_PTX_PARSER_H
#define TENON_RUNTIME_VIRTUALGPU_PTX_PARSER_H

#include "runtime/Core/Status.h"
#include "runtime/VirtualGpu/Ptx/Ast.h"

namespace tenon::vgpu::ptx {

/// `source` must outlive the Text.
rt::Result<Text> parse(std::string_view source, std::string_view name);

/// Bytes of a fundamental type, with or without its dot: "f32" is 4, "pred" is
/// 0; nothing for what is no type.
std::optional<uint8_t> typeBytes(std::string_view type);

} // namespace tenon::vgpu::ptx

#endif // TENON_RUNTIME_VIRTUALGPU_PTX_PARSER_H
