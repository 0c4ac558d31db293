"""One turn of the main loop, found in PTX that has all that can hide it.

The loop's head waits in a loop of its own that stands behind the kernel's end, a branch goes
around a mask, another around a copy, and a loop around it all has a product too.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "scripts"))

from gpu_loops import main_turn
from gpu_sass import statements

TEXT = """
.visible .entry kernel(.param .u64 a)
{
	.reg .pred %p<9>;
$outer:
	mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1}, {%r1}, {%r2}, {%f1};
$turn:
	.loc 1 7 3
	setp.eq.u32 %p1, %r1, 0;
	@%p1 bra $wait;
$waited:
	{ // a block's labels are its own
	@%p8 bra $wait;
	bra.uni $turn;
$turn:
$wait:
	mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2}, {%r1}, {%r2}, {%f1};
	}
	@!%p2 bra $unmasked;
	selp.f32 %f1, %f1, 0f00000000, %p3;
	selp.f32 %f2, %f2, 0f00000000, %p3;
$unmasked:
	@%p4 bra $copied;
	cp.async.cg.shared.global [%r3], [%rd1], 16;
$copied:
	@%p5 bra $turn;
	@%p6 bra $outer;
	ret;
$wait:
	@%p7 bra $wait;
	bra.uni $waited;
}
"""

for each in main_turn(statements(TEXT)["kernel"], ("shared",)):
    print(each.name)
