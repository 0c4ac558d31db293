// One part after another into a NewFile.
#include "runtime/Formats/WriteFile.h"

#include "runtime/Core/NewFile.h"

namespace tenon::rt {

Result<void> writeFile(const std::string &path,
                       std::span<const std::span<const std::byte>> parts) {
  auto file = NewFile::create(path, 0666);
  if (!file)
    return file.error();
  uint64_t offset = 0;
  for (std::span<const std::byte> part : parts) {
    if (auto written = file->writeAt(offset, part); !written)
      return written;
    offset += part.size();
  }
  return file->commit();
}

} // namespace tenon::rt
