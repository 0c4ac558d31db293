// Reads tensors from one file and writes them to another, by our readers and
// writers; the ends of the paths say the formats.
//
// usage: formats-driver <in: .npy .npz .safetensors .pb> <out: likewise>
#include "runtime/Formats/Npy.h"
#include "runtime/Formats/Npz.h"
#include "runtime/Formats/Safetensors.h"
#include "runtime/Formats/TensorProto.h"

#include <iostream>

using namespace tenon::rt;

namespace {

using Tensors = std::vector<HostTensor>;

Result<Tensors> asList(Result<HostTensor> tensor) {
  if (!tensor)
    return tensor.error();
  return Tensors{std::move(*tensor)};
}

Result<Tensors> readSafetensors(const std::string &path) {
  Result<Safetensors> file = Safetensors::open(path);
  if (!file)
    return file.error();
  Tensors tensors;
  for (const Safetensors::Tensor &tensor : file->tensors())
    tensors.push_back({tensor.name,
                       tensor.dtype,
                       tensor.dims,
                       {tensor.data.begin(), tensor.data.end()}});
  return tensors;
}

Result<Tensors> read(const std::string &path) {
  if (path.ends_with(".npy"))
    return asList(readNpy(path));
  if (path.ends_with(".npz"))
    return readNpz(path);
  if (path.ends_with(".pb"))
    return asList(readTensorProtoFile(path));
  return readSafetensors(path);
}

Result<void> write(const std::string &path, const Tensors &tensors) {
  if (path.ends_with(".npy"))
    return writeNpy(path, tensors.at(0));
  if (path.ends_with(".npz"))
    return writeNpz(path, tensors);
  if (path.ends_with(".pb"))
    return writeTensorProtoFile(path, tensors.at(0));
  return writeSafetensors(path, tensors, {{"format", "np"}});
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: formats-driver <in> <out>\n";
    return 1;
  }
  Result<Tensors> tensors = read(argv[1]);
  if (!tensors) {
    std::cerr << tensors.error().message << '\n';
    return 1;
  }
  Result<void> isWritten = write(argv[2], *tensors);
  if (!isWritten) {
    std::cerr << isWritten.error().message << '\n';
    return 1;
  }
  return 0;
}
