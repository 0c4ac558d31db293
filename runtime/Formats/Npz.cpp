// Joins Zip and Npy.
#include "runtime/Formats/Npz.h"

#include "runtime/Core/MappedFile.h"
#include "runtime/Formats/Npy.h"
#include "runtime/Formats/Zip.h"

#include <set>

namespace tenon::rt {
namespace {

constexpr std::string_view kSuffix = ".npy";

Error twice(const std::string &path, const std::string &name) {
  return {Code::BadInput, path + ": two tensors have the name '" + name + "'"};
}

} // namespace

Result<std::vector<HostTensor>> readNpz(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file)
    return file.error();
  Result<std::vector<ZipEntry>> entries = listZip(file->bytes(), path);
  if (!entries)
    return entries.error();
  std::vector<HostTensor> tensors;
  std::set<std::string> names;
  for (const ZipEntry &entry : *entries) {
    std::string name = entry.name;
    if (name.ends_with(kSuffix))
      name.resize(name.size() - kSuffix.size());
    if (!names.insert(name).second)
      return twice(path, name);
    Result<std::vector<std::byte>> bytes = extractZipEntry(entry, path);
    if (!bytes)
      return bytes.error();
    Result<HostTensor> tensor = parseNpy(*bytes, path + "(" + entry.name + ")");
    if (!tensor)
      return tensor.error();
    tensor->name = name;
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

Result<void> writeNpz(const std::string &path,
                      std::span<const HostTensor> tensors) {
  std::vector<std::vector<std::byte>> headers;
  headers.reserve(tensors.size()); // the files' parts point into it
  std::vector<ZipFile> files;
  std::set<std::string> names;
  for (const HostTensor &tensor : tensors) {
    if (!names.insert(tensor.name).second)
      return twice(path, tensor.name);
    Result<std::vector<std::byte>> header = npyHeader(tensor);
    if (!header)
      return header.error();
    headers.push_back(std::move(*header));
    files.push_back(
        {tensor.name + std::string(kSuffix), {headers.back(), tensor.data}});
  }
  return writeZip(path, files);
}

} // namespace tenon::rt
