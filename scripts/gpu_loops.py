"""Finds the main loop of a kernel, whether of PTX or of machine code, and one turn of it.

Blocks, dominators, natural loops: Aho et al., Compilers, 2nd edition, section 9.6.
"""

import dataclasses


@dataclasses.dataclass
class Instruction:
    name: str
    unit: str           # "mma" is a matrix product
    labels: list        # that stand before it
    target: str | None  # the label that it may go to
    falls: bool         # whether the next one may follow


@dataclasses.dataclass
class Block:
    body: list
    next: list = dataclasses.field(default_factory=list)
    before: list = dataclasses.field(default_factory=list)


def blocks_of(instructions):
    blocks, at_label = [], {}
    starts = True
    for each in instructions:
        if starts or each.labels:
            blocks.append(Block([]))
        at_label.update((label, len(blocks) - 1) for label in each.labels)
        blocks[-1].body.append(each)
        starts = each.target is not None or not each.falls
    for number, block in enumerate(blocks):
        last = block.body[-1]
        if last.falls and number + 1 < len(blocks):
            block.next.append(number + 1)
        if last.target in at_label:
            block.next.append(at_label[last.target])
        for after in block.next:
            blocks[after].before.append(number)
    return blocks


def in_reverse_postorder(blocks):
    order, seen, stack = [], {0}, [(0, iter(blocks[0].next))]
    while stack:
        number, rest = stack[-1]
        after = next((each for each in rest if each not in seen), None)
        if after is None:
            order.append(number)
            stack.pop()
        else:
            seen.add(after)
            stack.append((after, iter(blocks[after].next)))
    return order[::-1]


def dominators(blocks, order):
    found = {number: set(order) for number in order}
    found[0] = {0}
    changed = True
    while changed:
        changed = False
        for number in order[1:]:
            sets = [found[each] for each in blocks[number].before if each in found]
            new = set.intersection(*sets) | {number}
            changed |= new != found[number]
            found[number] = new
    return found


def loops_of(blocks, order):
    """The blocks of each natural loop, by its head."""
    above, loops = dominators(blocks, order), {}
    for latch in order:
        for head in blocks[latch].next:
            if head in above[latch]:
                members, open_ = loops.setdefault(head, {head}), [latch]
                while open_:
                    number = open_.pop()
                    if number not in members:
                        members.add(number)
                        open_ += [each for each in blocks[number].before if each in above]
    return loops


def number_of(body, units):
    return sum(each.unit in units for each in body)


def best_way(blocks, order, head, members, accesses):
    """From the head to a block that goes back to it, as instructions."""
    best = {}
    for number in (each for each in order if each in members):
        body = blocks[number].body
        ways = [best[each] for each in blocks[number].before if each in best] if number != head else [((0, 0), [])]
        if ways:
            (work, length), way = max(ways, key=lambda each: each[0])
            best[number] = (work + number_of(body, ("mma", *accesses)), length - len(body)), way + body
    return max((best[each] for each in members if each in best and head in blocks[each].next), key=lambda each: each[0])[1]


def main_turn(instructions, accesses):
    """One turn of the innermost loop with products; of several such the one with the most of them."""
    blocks = blocks_of(instructions)
    order = in_reverse_postorder(blocks)
    loops = {head: members for head, members in loops_of(blocks, order).items()
             if any(number_of(blocks[each].body, ("mma",)) for each in members)}
    inner = [(head, members) for head, members in loops.items()
             if not any(other < members for other in loops.values())]
    turns = [best_way(blocks, order, head, members, accesses) for head, members in inner]
    turns = [turn for turn in turns if number_of(turn, ("mma",))]
    return max(turns, key=lambda turn: (number_of(turn, ("mma",)), -len(turn)), default=None)
