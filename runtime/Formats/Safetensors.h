//===- Safetensors.h - named tensors in a mapped .safetensors file --------===//
//
//   Result<Safetensors> file = Safetensors::open("model.safetensors");
//   if (!file)
//     return file.error();
//   if (const Safetensors::Tensor *weight = file->find("embeddings.weight"))
//     use(weight->data); // a view into the mapping; nothing is copied
//
// Source: github.com/huggingface/safetensors, README, "Format".
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FORMATS_SAFETENSORS_H
#define TENON_RUNTIME_FORMATS_SAFETENSORS_H

#include "runtime/Core/MappedFile.h"
#include "runtime/Core/Status.h"
#include "runtime/Formats/HostTensor.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::rt {

/// A file whose header has been checked: every tensor has the bytes that its
/// type and dims need, inside the file, and shares none with another.
class Safetensors {
public:
  struct Tensor {
    std::string name;
    abi::DType dtype;
    std::vector<int64_t> dims;
    /// Row-major. May begin at any byte: aligned to the element only where the
    /// writer saw to it. Valid as long as the Safetensors, also when it moves.
    std::span<const std::byte> data;
  };
  using Metadata = std::map<std::string, std::string>;

  /// Maps the file `path` and checks its header. BadInput when the header is
  /// damaged, or names a type that abi::DType lacks.
  static Result<Safetensors> open(const std::string &path);

  /// In the order of their bytes in the file.
  const std::vector<Tensor> &tensors() const { return list; }
  /// The tensor called `name`, or null.
  const Tensor *find(std::string_view name) const;
  /// What the writer noted, such as {"format": "pt"}.
  const Metadata &metadata() const { return notes; }

private:
  explicit Safetensors(MappedFile file) : file(std::move(file)) {}

  MappedFile file;
  std::vector<Tensor> list;
  std::map<std::string, size_t, std::less<>> indices; ///< of `list`, by name
  Metadata notes;
};

/// Writes `tensors`, those of wider elements first so that each is aligned,
/// whole or not at all. BadInput for types that the format lacks (i4, u4), for
/// two equal names, and for names that are not UTF-8.
Result<void> writeSafetensors(const std::string &path,
                              std::span<const HostTensor> tensors,
                              const Safetensors::Metadata &metadata = {});

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_SAFETENSORS_H
