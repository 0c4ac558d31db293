"""Changes to a PTX text that a check or a comparison must notice.

Each operator finds places in the lines of a text and says what the line becomes. Of
many places it takes a few, spread evenly, so that the suite stays short.
"""

import dataclasses
import re

MOST_PLACES = 3  # of one operator in one kernel


@dataclasses.dataclass
class Mutant:
    operator: str
    line: int  # in the PTX, from 0
    text: str  # the new line; empty when it is deleted
    source: str  # the CUDA line, "file:line"
    original: str = ""


def deleted(pattern):
    expression = re.compile(pattern)
    return lambda line: "" if expression.search(line) else None


def replaced(pattern, replacement):
    expression = re.compile(pattern)
    return lambda line: expression.sub(replacement, line, count=1) if expression.search(line) else None


def shifted(pattern, by):
    """Moves the address of an access: [%rd1+16] becomes [%rd1+32]."""
    expression = re.compile(pattern)
    address = re.compile(r"\[(%\w+)(?:\+(-?\d+))?\]")

    def apply(line):
        if not expression.search(line):
            return None
        return address.sub(lambda found: f"[{found[1]}+{int(found[2] or 0) + by}]", line, count=1)
    return apply


def swapped_registers(line):
    """The first two registers of the left side of a product change places."""
    found = re.search(r"(mma\.sync\.\S+\s*\{[^}]*\},\s*\{)(%\w+), *(%\w+)", line)
    return line.replace(found[0], f"{found[1]}{found[3]}, {found[2]}") if found else None


def swapped_sides(line):
    """a - b becomes b - a."""
    found = re.match(r"(\s*sub\.f32\s+%\w+), (%\w+), (%\w+);", line)
    return f"{found[1]}, {found[3]}, {found[2]};" if found and found[2] != found[3] else None


def swapped_descriptors(line):
    """Both sides of a warpgroup's product in shared memory change places."""
    found = re.search(r"\}, (%rd\w+), (%rd\w+), p", line)
    if not found or "wgmma.mma_async" not in line or found[1] == found[2]:
        return None
    return line.replace(found[0], f"}}, {found[2]}, {found[1]}, p")


def without_predicate(line):
    found = re.match(r"(\s*)@!?%p\d+ ((?:ld|st)\..*)", line)
    return found[1] + found[2] if found else None


def scaled_bytes(factor):
    expression = re.compile(r"(mbarrier\.arrive\.expect_tx\S* _, \[[^\]]+\], )(%r\w+|\d+);")

    def apply(line):
        found = expression.search(line)
        if not found:
            return None
        if found[2].isdigit():
            return line.replace(found[0], f"{found[1]}{int(int(found[2]) * factor)};")
        operation = "shl.b32" if factor > 1 else "shr.u32"
        return f"{{.reg .b32 m; {operation} m, {found[2]}, 1; {found[1]}m;}}"
    return apply


def other_count(line):
    """An mbarrier that waits for one arrival more."""
    found = re.search(r"(mbarrier\.init\S* \[[^\]]+\], )(%r\w+|\d+);", line)
    if not found:
        return None
    return line.replace(found[0], f"{{.reg .b32 m; add.u32 m, {found[2]}, 1; {found[1]}m;}}")


def no_wait(line):
    found = re.search(r"mbarrier\.try_wait\S* (\w+), \[[^\]]+\], \S+;", line)
    return line.replace(found[0], f"setp.eq.u32 {found[1]}, 0, 0;") if found else None


def other_parity(line):
    found = re.search(r"(mbarrier\.try_wait\S* \w+, \[[^\]]+\], )(%r\w+|\d+);", line)
    return line.replace(found[0], f"{{.reg .b32 m; xor.b32 m, {found[2]}, 1; {found[1]}m;}}") if found else None


def halved_shared(line):
    found = re.match(r"(\s*(?:\.visible )?\.shared .*\[)(\d+)(\];.*)", line)
    return f"{found[1]}{int(found[2]) // 2}{found[3]}" if found else None


OPERATORS = {
    "no barrier": deleted(r"^\s*bar(rier)?\.sync\b"),
    "no arrival": deleted(r"mbarrier\.arrive\.shared"),
    "no fence of the proxy": deleted(r"fence\.proxy\.async"),
    "no fence of mbarriers": deleted(r"fence\.mbarrier_init"),
    "no fence of products": deleted(r"wgmma\.fence"),
    "no wait for copies": deleted(r"cp\.async\.wait_(group|all)"),
    "a wait for fewer copies": replaced(r"cp\.async\.wait_group (\d+)", lambda m: f"cp.async.wait_group {int(m[1]) + 1}"),
    "no wait for products": deleted(r"wgmma\.wait_group"),
    "a wait for fewer products": replaced(r"wgmma\.wait_group\.sync\.aligned (\d+)",
                                          lambda m: f"wgmma.wait_group.sync.aligned {int(m[1]) + 1}"),
    "no commit of copies": deleted(r"cp\.async\.commit_group"),
    "no wait for stores": deleted(r"cp\.async\.bulk\.wait_group"),
    "no commit of stores": deleted(r"cp\.async\.bulk\.commit_group"),
    "no commit of products": deleted(r"wgmma\.commit_group"),
    "twice the bytes": scaled_bytes(2),
    "half of the bytes": scaled_bytes(0.5),
    "an arrival more": other_count,
    "no wait for a phase": no_wait,
    "the other parity": other_parity,
    "a shifted load": shifted(r"^\s*(@!?%p\d+ )?ld\.global", 64),
    "a shifted store": shifted(r"^\s*(@!?%p\d+ )?st\.global", 64),
    "a shifted shared load": shifted(r"^\s*ld\.shared|ldmatrix", 32),
    "a shifted shared store": shifted(r"^\s*(@!?%p\d+ )?st\.shared", 32),
    "a shifted copy": shifted(r"cp\.async\.c[ag]|cp\.async\.bulk", 128),
    "less shared memory": halved_shared,
    "another lane": replaced(r"(shfl\.sync\.bfly\.b32\s+%\w+\|?%?\w*, %\w+, )(\d+),", lambda m: f"{m[1]}{int(m[2]) ^ 3},"),
    "swapped registers": swapped_registers,
    "swapped sides": swapped_sides,
    "swapped descriptors": swapped_descriptors,
    "no predicate": without_predicate,
}


def spread(places):
    """At most MOST_PLACES of them: the first, the last, and what lies evenly between."""
    if len(places) <= MOST_PLACES:
        return places
    return [places[i * (len(places) - 1) // (MOST_PLACES - 1)] for i in range(MOST_PLACES)]


def sources(lines):
    """The CUDA line that each line of PTX comes from."""
    files, at, found = {}, "", []
    for line in lines:
        if file := re.match(r'\s*\.file\s+(\d+)\s+"([^"]*)"', line):
            files[file[1]] = file[2].rsplit("/", 1)[-1]
    for line in lines:
        if place := re.match(r"\s*\.loc\s+(\d+) (\d+)", line):
            at = f"{files.get(place[1], place[1])}:{place[2]}"
        found.append(at)
    return found


def mutants_of(text):
    lines = text.split("\n")
    places = sources(lines)
    made = []
    for name, operator in OPERATORS.items():
        changed = [(i, operator(line)) for i, line in enumerate(lines)]
        changed = [(i, new) for i, new in changed if new is not None and new != lines[i]]
        made += [Mutant(name, i, new, places[i], lines[i]) for i, new in spread(changed)]
    return made


def trap(mutant):
    """The same place with a trap: who does not notice it never gets there."""
    predicate = re.match(r"\s*(@!?%p\d+ )?", mutant.original)[1] or ""
    return dataclasses.replace(mutant, operator="trap", text=f"{predicate}trap;")


def applied(text, mutant):
    lines = text.split("\n")
    lines[mutant.line] = mutant.text
    return "\n".join(lines)
