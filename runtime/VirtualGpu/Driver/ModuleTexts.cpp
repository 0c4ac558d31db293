// Reads and writes the texts of modules.

#include "runtime/VirtualGpu/Driver/ModuleTexts.h"

#include "runtime/Core/Message.h"

#include <fstream>
#include <iterator>

namespace tenon::vgpu {

using rt::badInput;
using rt::quoted;

/// The name behind the first ".entry"; nothing where there is none.
static std::string_view firstKernel(std::string_view ptx) {
  constexpr std::string_view kEntry = ".entry";
  size_t at = ptx.find(kEntry);
  if (at == ptx.npos)
    return {};
  ptx.remove_prefix(at + kEntry.size());
  size_t begin = ptx.find_first_not_of(" \t\n");
  size_t end = ptx.find_first_of(" \t\n(", begin);
  return begin == ptx.npos ? "" : ptx.substr(begin, end - begin);
}

rt::Result<std::string> chooseText(std::string_view ptx,
                                   const std::string &folder) {
  std::string_view kernel = firstKernel(ptx);
  if (folder.empty() || kernel.empty())
    return std::string(ptx);
  std::string path = rt::message(folder, "/", kernel, ".ptx");
  std::ifstream file(path);
  if (file.good())
    return std::string{std::istreambuf_iterator<char>(file), {}};
  std::ofstream written(path);
  written << ptx;
  written.flush();
  if (!written.good())
    return badInput("cannot write ", quoted(path));
  return std::string(ptx);
}

} // namespace tenon::vgpu
