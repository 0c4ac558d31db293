// Files that a test writes byte by byte, and reads back.
#ifndef TENON_TESTS_RUNTIME_FORMATS_TEMPORARYFILE_H
#define TENON_TESTS_RUNTIME_FORMATS_TEMPORARYFILE_H

#include <cstddef>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <span>
#include <string>
#include <unistd.h>

namespace tenon::test {

/// A path that no other test process uses.
inline std::string temporaryPath(const std::string &name) {
  return testing::TempDir() + "tenon-" + std::to_string(::getpid()) + "-" +
         name;
}

/// Its path is removed at the end; the file need not exist.
struct TemporaryFile {
  explicit TemporaryFile(const std::string &name) : path(temporaryPath(name)) {}
  TemporaryFile(const std::string &name, const std::string &contents)
      : TemporaryFile(name) {
    std::ofstream(path, std::ios::binary) << contents;
  }
  TemporaryFile(const TemporaryFile &) = delete;
  ~TemporaryFile() { ::unlink(path.c_str()); }

  std::string contents() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string path;
};

/// Bytes written as in C, zeros included: bytes("\x08\x00").
template <size_t N> std::string bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

inline std::span<const std::byte> asBytes(const std::string &text) {
  return std::as_bytes(std::span(text));
}

} // namespace tenon::test

#endif // TENON_TESTS_RUNTIME_FORMATS_TEMPORARYFILE_H
