// cuGetProcAddress, cuGetExportTable: how programs find functions without a
// linker.

#include "runtime/VirtualGpu/Driver/Api.h"

#include <string_view>

namespace tenon::cuda {

namespace {
struct Symbol {
  std::string_view name;
  void *address;
};
} // namespace

#define SYMBOL(name, parameters) {#name, reinterpret_cast<void *>(&name)},
static const Symbol kSymbols[] = {TENON_CUDA_FUNCTIONS(SYMBOL)
                                      TENON_VGPU_FUNCTIONS(SYMBOL)};
#undef SYMBOL

/// "cuMemAlloc" of "cuMemAlloc_v2".
static std::string_view withoutVersion(std::string_view name) {
  size_t length = name.size();
  bool isVersioned =
      length > 3 && name[length - 3] == '_' && name[length - 2] == 'v';
  return isVersioned ? name.substr(0, length - 3) : name;
}

/// Of several versions the newest, which has the largest name.
static const Symbol *find(std::string_view wanted) {
  const Symbol *best = nullptr;
  for (const Symbol &symbol : kSymbols) {
    if (symbol.name == wanted)
      best = withoutVersion(symbol.name) == wanted && best ? best : &symbol;
    else if (withoutVersion(symbol.name) == wanted &&
             (!best || symbol.name > best->name))
      best = &symbol;
  }
  return best;
}

CUresult cuGetProcAddress_v2(const char *name, void **function, int,
                             unsigned long long,
                             CUdriverProcAddressQueryResult *status) {
  if (!name || !function)
    return CUDA_ERROR_INVALID_VALUE;
  const Symbol *symbol = find(name);
  *function = symbol ? symbol->address : nullptr;
  if (status)
    *status = symbol ? CU_GET_PROC_ADDRESS_SUCCESS
                     : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return symbol ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

/// NVRTC calls it without asking whether it is there, and takes this answer.
CUresult cuGetExportTable(const void **table, const CUuuid *) {
  if (table)
    *table = nullptr;
  return CUDA_ERROR_NOT_FOUND;
}

} // namespace tenon::cuda
