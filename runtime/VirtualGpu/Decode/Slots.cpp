// Places in the register file.
//
// 1. Basic blocks and their successors.
// 2. What is alive at each block's begin, by the usual backward iteration.
// 3. A value's range: from its first to its last instruction, and all of each
// block
//    that it is alive at the begin or the end of.
// 4. Ranges in the order of their begin take the place that fell free last.

#include "runtime/VirtualGpu/Decode/Slots.h"

#include "runtime/VirtualGpu/Exec/Warp.h"

#include <algorithm>
#include <cstring>
#include <queue>

namespace tenon::vgpu {
namespace {

using Bits = std::vector<uint64_t>;
bool has(const Bits &bits, uint32_t i) {
  return (bits[i / 64] >> (i % 64)) & 1;
}
void add(Bits &bits, uint32_t i) { bits[i / 64] |= uint64_t(1) << (i % 64); }

struct BasicBlock {
  uint32_t begin = 0, end = 0;
  std::vector<uint32_t> successors;
  Bits used, defined, liveIn, liveOut;
};

struct Range {
  uint32_t value = 0, begin = ~0u, end = 0;
};

class SlotAssignment {
public:
  SlotAssignment(KernelProgram &program, const std::vector<Value> &values,
                 const std::vector<ValueEffect> &effects)
      : program(program), values(values), effects(effects) {}

  void run() {
    findBlocks();
    findLive();
    place(findRanges());
    rewrite();
  }

private:
  void findBlocks();
  void findLive();
  std::vector<Range> findRanges() const;
  void place(std::vector<Range> ranges);
  void rewrite();
  uint32_t newPlace(uint8_t sizeBytes);

  KernelProgram &program;
  const std::vector<Value> &values;
  const std::vector<ValueEffect> &effects;
  std::vector<BasicBlock> blocks;
  std::vector<uint32_t> blockOf;
  std::vector<uint32_t> slots;
  uint32_t fileBytes = 0;
};

void SlotAssignment::findBlocks() {
  const std::vector<Instruction> &code = program.code;
  for (uint32_t i = 0; i < code.size(); ++i) {
    if (i == 0 || code[i - 1].endsBlock)
      blocks.emplace_back().begin = i;
    blocks.back().end = i + 1;
    blockOf.push_back(blocks.size() - 1);
  }
  for (uint32_t at = 0; at < blocks.size(); ++at) {
    BasicBlock &block = blocks[at];
    const Instruction &last = code[block.end - 1];
    if (last.flow == Flow::Branch)
      block.successors.push_back(blockOf[last.target]);
    if (last.flow == Flow::BranchTable)
      for (uint32_t target : program.branchTables[last.target])
        block.successors.push_back(blockOf[target]);
    bool fallsThrough =
        last.predicate != kNoSlot ||
        (last.flow != Flow::Branch && last.flow != Flow::BranchTable &&
         last.flow != Flow::Exit);
    if (fallsThrough && at + 1 < blocks.size())
      block.successors.push_back(at + 1);
  }
}

void SlotAssignment::findLive() {
  size_t numWords = (values.size() + 63) / 64;
  for (BasicBlock &block : blocks) {
    block.used = block.defined = block.liveIn = block.liveOut = Bits(numWords);
    for (uint32_t i = block.begin; i < block.end; ++i) {
      for (uint32_t value : effects[i].read)
        if (!has(block.defined, value))
          add(block.used, value);
      // A write under a predicate leaves some lanes as they were.
      if (program.code[i].predicate == kNoSlot)
        for (uint32_t value : effects[i].written)
          add(block.defined, value);
    }
  }
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    for (size_t at = blocks.size(); at-- > 0;) {
      BasicBlock &block = blocks[at];
      for (uint32_t next : block.successors)
        for (size_t w = 0; w < numWords; ++w)
          block.liveOut[w] |= blocks[next].liveIn[w];
      for (size_t w = 0; w < numWords; ++w) {
        uint64_t in = block.used[w] | (block.liveOut[w] & ~block.defined[w]);
        isChanged |= in != block.liveIn[w];
        block.liveIn[w] = in;
      }
    }
  }
}

std::vector<Range> SlotAssignment::findRanges() const {
  std::vector<Range> ranges(values.size());
  auto widen = [&](uint32_t value, uint32_t at) {
    ranges[value].value = value;
    ranges[value].begin = std::min(ranges[value].begin, at);
    ranges[value].end = std::max(ranges[value].end, at);
  };
  for (uint32_t i = 0; i < effects.size(); ++i) {
    for (uint32_t value : effects[i].read)
      widen(value, i);
    for (uint32_t value : effects[i].written)
      widen(value, i);
  }
  for (const BasicBlock &block : blocks)
    for (uint32_t value = 0; value < values.size(); ++value) {
      if (has(block.liveIn, value))
        widen(value, block.begin);
      if (has(block.liveOut, value))
        widen(value, block.end - 1);
    }
  std::erase_if(ranges, [&](const Range &range) {
    return range.begin == ~0u || values[range.value].isPinned;
  });
  std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) {
    return std::pair(a.begin, a.value) < std::pair(b.begin, b.value);
  });
  return ranges;
}

uint32_t SlotAssignment::newPlace(uint8_t sizeBytes) {
  uint32_t bytes = sizeBytes ? sizeBytes * kWarpSize : 4;
  uint32_t align = sizeBytes ? 64 : 4;
  uint32_t at = (fileBytes + align - 1) / align * align;
  fileBytes = at + bytes;
  return at;
}

void SlotAssignment::place(std::vector<Range> ranges) {
  slots.assign(values.size(), kNoSlot);
  using Busy = std::pair<uint32_t, uint32_t>; // end, value
  std::priority_queue<Busy, std::vector<Busy>, std::greater<Busy>> busy;
  std::map<uint8_t, std::vector<uint32_t>> freePlaces;
  // The places of predicates first, side by side.
  uint32_t numLive = 0, mostLive = 0;
  for (const Range &range : ranges) {
    // An instruction may write where it reads: its handler reads first. But a
    // list of destinations is stored one after the other, so ranges may not
    // touch.
    while (!busy.empty() && busy.top().first < range.begin) {
      uint32_t value = busy.top().second;
      freePlaces[values[value].sizeBytes].push_back(slots[value]);
      numLive -= (values[value].sizeBytes + 3) / 4;
      busy.pop();
    }
    uint8_t size = values[range.value].sizeBytes;
    std::vector<uint32_t> &places = freePlaces[size];
    if (places.empty())
      places.push_back(newPlace(size));
    slots[range.value] = places.back();
    places.pop_back();
    busy.push({range.end, range.value});
    numLive += (size + 3) / 4;
    mostLive = std::max(mostLive, numLive);
  }
  program.info.numRegisters = std::min(mostLive + 8, 255u);
  for (uint32_t value = 0; value < values.size(); ++value)
    if (values[value].isPinned)
      slots[value] = newPlace(values[value].sizeBytes);
  fileBytes = (fileBytes + 63) / 64 * 64;
}

void SlotAssignment::rewrite() {
  auto slotOf = [&](uint32_t value) {
    return value == kNoSlot ? kNoSlot : slots[value];
  };
  for (std::vector<uint32_t> &list : program.lists)
    for (uint32_t &value : list)
      value = slotOf(value);
  for (Instruction &inst : program.code) {
    for (uint32_t &value : inst.slot)
      value = slotOf(value);
    inst.predicate = slotOf(inst.predicate);
  }
  for (KernelProgram::Special &special : program.specials)
    special.slot = slotOf(special.slot);
  for (const ValueEffect &effect : effects) {
    program.effects.push_back({uint32_t(program.effectSlots.size()),
                               uint16_t(effect.written.size()),
                               uint16_t(effect.read.size())});
    for (uint32_t value : effect.written)
      program.effectSlots.push_back(slotOf(value));
    for (uint32_t value : effect.read)
      program.effectSlots.push_back(slotOf(value));
  }
  program.registerImage.assign(fileBytes, 0);
  for (uint32_t value = 0; value < values.size(); ++value) {
    if (!values[value].isPinned)
      continue;
    uint8_t *to = program.registerImage.data() + slots[value];
    uint32_t all = values[value].bits ? kFullMask : 0;
    if (values[value].sizeBytes == 0)
      std::memcpy(to, &all, 4);
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      std::memcpy(to + lane * values[value].sizeBytes, &values[value].bits,
                  values[value].sizeBytes);
  }
}

} // namespace

void assignSlots(KernelProgram &program, const std::vector<Value> &values,
                 const std::vector<ValueEffect> &effects) {
  SlotAssignment(program, values, effects).run();
}

} // namespace tenon::vgpu
