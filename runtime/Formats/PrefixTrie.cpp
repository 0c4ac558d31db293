// Builds the trie level by level from sorted strings, so that the children of a
// node come to lie together.
#include "runtime/Formats/PrefixTrie.h"

#include <algorithm>

namespace tenon::rt {

PrefixTrie::PrefixTrie(std::vector<Entry> entries) {
  auto isSame = [](const Entry &a, const Entry &b) {
    return a.first == b.first;
  };
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end(), isSame),
                entries.end());
  if (!entries.empty() && entries.front().first.empty())
    entries.erase(entries.begin());

  // The entries below each node not yet given its children, and their length
  // in common. Nodes get their children in the order in which they were made.
  struct Pending {
    size_t first, last, depth;
  };
  std::vector<Pending> pending = {{0, entries.size(), 0}};
  nodes.emplace_back();
  labels += '\0';
  for (size_t at = 0; at < nodes.size(); ++at) {
    auto [first, last, depth] = pending[at];
    if (first < last && entries[first].first.size() == depth)
      nodes[at].value = entries[first++].second;
    nodes[at].firstChild = static_cast<uint32_t>(nodes.size());
    while (first < last) {
      char label = entries[first].first[depth];
      size_t end = first;
      while (end < last && entries[end].first[depth] == label)
        ++end;
      nodes.emplace_back();
      labels += label;
      pending.push_back({first, end, depth + 1});
      first = end;
    }
    nodes[at].numChildren =
        static_cast<uint32_t>(nodes.size()) - nodes[at].firstChild;
  }
}

uint32_t PrefixTrie::child(const Node &node, char byte) const {
  // Strings compare their bytes as unsigned, and so must the search.
  auto isLess = [](char a, char b) {
    return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
  };
  auto first = labels.begin() + node.firstChild;
  auto last = first + node.numChildren;
  auto found = std::lower_bound(first, last, byte, isLess);
  if (found == last || *found != byte)
    return 0;
  return static_cast<uint32_t>(found - labels.begin());
}

PrefixTrie::Match PrefixTrie::longest(std::string_view text) const {
  Match match;
  uint32_t at = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    at = child(nodes[at], text[i]);
    if (at == 0)
      break;
    if (nodes[at].value >= 0)
      match = {i + 1, nodes[at].value};
  }
  return match;
}

} // namespace tenon::rt
