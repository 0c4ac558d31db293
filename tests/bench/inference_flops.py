"""Compares the closed forms of flops with those that PyTorch counts in the modules.

usage: inference_flops.py
"""

import pathlib
import sys

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.append(str(pathlib.Path(__file__).with_name("inference")))
from architectures import ARCHITECTURES, IMAGE_TOKENS  # noqa: E402
from cases import F32, make_cases, make_feeds  # noqa: E402
from limits import work_of  # noqa: E402
from modules import make_module  # noqa: E402


def shape_of(sizes):
    """One token of a decoder sees all: PyTorch counts what a causal mask hides, too."""
    if sizes.is_decoder:
        return 2, 1, 16
    return 2, (16 if sizes.vocabulary else IMAGE_TOKENS)


def counted_flops(case):
    module, feeds = make_module(case.architecture, case.past), make_feeds(case)
    module.model.set_attn_implementation("eager")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*(torch.from_numpy(feeds[name]) for name in module.names))
    return counter.get_total_flops()


def main():
    wrong = 0
    for name, sizes in ARCHITECTURES.items():
        case = make_cases(name, [shape_of(sizes)], [F32])[0]
        counted, ours = counted_flops(case), work_of(case).all_flops
        print(f"{name}: PyTorch counts {counted}, the closed form is {ours}", flush=True)
        wrong += counted != ours
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
