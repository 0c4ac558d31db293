"""docs/CudaKernels.md from the contracts: what kernels take, and ours beside those of others."""

import math

from gpu_sass import beside_mma, machine_per_text

PEERS = ("Triton", "CUTLASS")
MOST_WORSE = 1.03

HEAD = """# What the CUDA kernels take

Made by `scripts/cuda_kernels.py` from the counters of the virtual GPU ([what they are](../runtime/VirtualGpu/README.md)) and from what
ptxas makes of the kernels ([gpu_sass.py](../scripts/gpu_sass.py)), for bf16 with sums in f32. Others' kernels run on the same virtual device, and the same
ptxas assembles them: Triton's are [in its tutorials' manner](../tests/runtime/VirtualGpu/foreign/kernels.py), CUTLASS' its templates for
[sm_80](../tests/runtime/VirtualGpu/foreign/Cutlass80.cu) and [sm_90a](../tests/runtime/VirtualGpu/foreign/Cutlass90.cu), in
[tiles](../tests/runtime/VirtualGpu/foreign/measure.py) like ours where they have such.

- **Bound us**: what the busiest unit needs at its full rate. No device is faster, and none needs to be as fast. Issue slots and arithmetic
  are an estimate within it: the PTX instructions that were executed, times the machine's for each of PTX, in the main loop's mix; accesses to spilled registers
  join those of shared memory.
- **Tensor share**: how much of the bound all tensor units would need at their full rate.
- A row is all launches that it takes, one behind the other; registers, shared memory and machine code are those of the one that executes most.
- **SASS / PTX**: machine instructions for each PTX instruction: of a turn of the main loop, for as many matrix products, or of the kernel where there are none.
- **Beside an mma**: a turn's machine instructions that are no matrix product, for each that is one (of a warp). A turn is the way through the
  innermost loop with products that has all products and memory accesses, and of such ways the shortest.
- **A turn**: its machine instructions by unit; of the whole kernel where there are no products.
"""


def ratio(part, whole):
    return f"{part / whole:.2f}" if whole else "-"


def line(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def heading(names):
    return [line(names), "|" + "---|" * len(names)]


def key_of(name, arch, by):
    return f"{name} {arch}" + ("" if by == "Tenon" else " " + by.lower())


def measured(contracts, name, archs):
    """(by, architecture, contract) in the order of the page."""
    for arch in archs:
        for by in ("Tenon", *PEERS):
            if key_of(name, arch, by) in contracts:
                yield by, arch, contracts[key_of(name, arch, by)]


def bounds_table(rows):
    yield from heading(["by", "code", "device", "bound us", "pipe", "tensor share", "DRAM / compulsory", "warps / SM"])
    for by, arch, each in rows:
        for device, bound in each["bounds"].items():
            yield line([by, arch, device, f"{bound['microseconds']:.1f}", bound["pipe"], f"{bound['tensorShare']:.2f}",
                        ratio(bound["dramBytes"], each["compulsoryBytes"]), bound["warpsPerSm"]])


def mix_text(made):
    mix = made["turn"]["mix"] if made.get("turn") else made["mix"]
    return ", ".join(f"{unit} {number}" for unit, number in sorted(mix.items(), key=lambda each: -each[1]))


def code_table(rows):
    yield from heading(["by", "code", "launches", "registers", "spilled", "shared", "sectors / ideal", "wavefronts / ideal", "SASS", "SASS / PTX",
                        "beside an mma", "a turn"])
    for by, arch, each in rows:
        beside = beside_mma(each["sass"])
        yield line([by, arch, each["launches"], each["registers"], each["spillBytes"], each["sharedBytes"],
                    ratio(each["globalSectors"], each["globalSectorsIdeal"]),
                    ratio(each["sharedWavefronts"], each["sharedWavefrontsIdeal"]), each["sass"]["instructions"],
                    f"{machine_per_text(each['sass']):.2f}", "-" if beside is None else f"{beside:.2f}", mix_text(each["sass"])])


def compared(ours, theirs):
    """What of ours stands to theirs as how much; the bound and DRAM on the code's own device."""
    device = next(iter(ours["bounds"]))
    pairs = {"bound": [each["bounds"][device]["microseconds"] for each in (ours, theirs)],
             "spills": [each["spillBytes"] for each in (ours, theirs)],
             "shared wavefronts": [each["sharedWavefronts"] for each in (ours, theirs)],
             "DRAM bytes": [each["bounds"][device]["dramBytes"] for each in (ours, theirs)]}
    besides = [beside_mma(each["sass"]) for each in (ours, theirs)]
    if all(besides):
        pairs["beside an mma"] = besides
    return pairs


def comparisons(contracts, rows, archs):
    for name in rows:
        for arch in archs:
            ours = contracts.get(key_of(name, arch, "Tenon"))
            for by in PEERS:
                theirs = contracts.get(key_of(name, arch, by))
                if ours and theirs:
                    yield name, arch, by, compared(ours, theirs)


def means(contracts, rows, archs, by):
    """The geometric mean of each quantity's ratios, where both have some of it."""
    logs = {}
    for _, _, peer, pairs in comparisons(contracts, rows, archs):
        for what, (own, other) in pairs.items() if peer == by else ():
            if own and other:
                logs.setdefault(what, []).append(math.log(own / other))
    return {what: math.exp(sum(each) / len(each)) for what, each in logs.items()}


def comparison_table(contracts, titles, archs):
    names = ("bound", "spills", "shared wavefronts", "DRAM bytes", "beside an mma")
    yield from heading(["kernel", "code", "Tenon to", *names])
    for name, arch, by, pairs in comparisons(contracts, titles, archs):
        cells = [("{} : {}".format(*pairs[what]) if what == "spills" else ratio(*pairs[what])) if what in pairs else "-"
                 for what in names]
        yield line([titles[name], arch, by, *cells])
    for by in PEERS:
        found = means(contracts, titles, archs, by)
        if found:
            yield line(["geometric mean", "", by, *(f"{found[what]:.3f}" if what in found else "-" for what in names)])


def worse(contracts, titles, archs):
    """Where ours is more than 3 % worse, and means that are not better."""
    for name, arch, by, pairs in comparisons(contracts, titles, archs):
        for what, (own, other) in pairs.items():
            if own > other * MOST_WORSE:
                yield f"{titles[name]}, {arch}: {what} is {own:.6g}, {by}'s {other:.6g}"
    for by in PEERS:
        for what, mean in means(contracts, titles, archs, by).items():
            if mean > 1:
                yield f"{what} beside {by}'s is {mean:.3f} in geometric mean"


def page_text(contracts, titles, archs):
    lines = HEAD.splitlines()
    lines += ["", "## Beside others", "",
              "Ours divided by theirs, on the first device of each code; spills are bytes. `scripts/cuda_kernels.py compare` names what is",
              "more than 3 % worse.", "", *comparison_table(contracts, titles, archs)]
    for name, title in titles.items():
        rows = list(measured(contracts, name, archs))
        lines += ["", f"## {title}", "", *bounds_table(rows), "", *code_table(rows)]
    return "\n".join(lines) + "\n"
