//===- PrefixTrie.h - the longest of many strings that begins a text ------===//

#ifndef TENON_RUNTIME_FORMATS_PREFIXTRIE_H
#define TENON_RUNTIME_FORMATS_PREFIXTRIE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::rt {

/// Holds strings with a number each; a search takes time in the length of what
/// matches, however many strings there are.
class PrefixTrie {
public:
  using Entry = std::pair<std::string_view, int32_t>;

  struct Match {
    size_t sizeBytes = 0; ///< 0: no string begins the text
    int32_t value = 0;
  };

  PrefixTrie() : PrefixTrie(std::vector<Entry>()) {}

  /// Values are at least 0. Empty strings are left out; of equal ones that
  /// with the least value stays. The strings are not needed afterwards.
  explicit PrefixTrie(std::vector<Entry> entries);

  /// The longest string that `text` begins with.
  Match longest(std::string_view text) const;

  bool isEmpty() const { return nodes.size() == 1; }

private:
  struct Node {
    uint32_t firstChild = 0, numChildren = 0;
    int32_t value = -1; ///< at least 0 where a string ends
  };

  /// The child by `byte`, or 0: the root is nobody's child.
  uint32_t child(const Node &node, char byte) const;

  std::vector<Node> nodes; ///< children of one node lie together
  std::string labels;      ///< the byte that leads to each node, sorted
};

} // namespace tenon::rt

#endif // TENON_RUNTIME_FORMATS_PREFIXTRIE_H
