"""Checks limits, verdicts, turns, tables and handling of failures of the kernels' suite by numbers worked out by hand.

usage: kernels_checks.py BUILD
"""

import dataclasses
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE / "kernels"), str(HERE / "inference")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from artifacts import Artifacts  # noqa: E402
from attention import Attention, attention_rows  # noqa: E402
from decode import INNER, WIDTH, NBitsLayer, QdqLayer, decode_rows, first_input  # noqa: E402
from gemm import Gemm, all_shapes, gemm_rows, shapes_of  # noqa: E402
from measure import Setting, judge, measure  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402
from peers import Machine  # noqa: E402
from row import Bar, Row, Runner  # noqa: E402
from rowwise import OPS, RowWise, fan_model, rowwise_rows  # noqa: E402
from sizes import last_cache_bytes  # noqa: E402
from tables import cells, closing_lines, markdown, remarks  # noqa: E402
from tensors import as_numpy, distance, make_model, value  # noqa: E402
from torch.nn import functional  # noqa: E402
from turns import MOST_RUNS, plan_rounds, take_turns  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1))
SQUARE = Gemm(1024, 1024, 1024, "f32", 1)
AMX = [{"threads": 1, "f32": 2 * 1024**3 * 1e3, "unit": "amx"}]  # SQUARE takes a millisecond


def times(kind, *rounds):
    return {"kind": kind, "rounds_ms": list(rounds), "ms": float(np.median(rounds))}


def figures(row, results, rates):
    return {"group": row.group, "name": row.name, "runners": results, **judge(row, results, rates)}


class Limits(unittest.TestCase):
    def test_a_matmul_takes_two_operations_for_each_product(self):
        self.assertEqual(Gemm(2, 3, 5, "bf16", 1).limit_ms({"bf16": 60e3}, {}), 1)

    def test_attention_is_two_matmuls_at_the_rate_of_one(self):
        row = Attention(128, 64, 12, False, "f32", 2)
        self.assertEqual(row.matmul_flops, 2 * 2 * 12 * 128 * 128 * 64)
        self.assertEqual(row.limit_ms({}, {"gemm": 2 * 1024**3 / 1e6}), row.matmul_flops / 1e6)

    def test_a_causal_mask_leaves_the_blocks_it_does_not_hide_whole(self):
        full, causal = (Attention(128, 64, 12, is_causal, "f32", 2) for is_causal in (False, True))
        self.assertEqual(causal.matmul_flops * 4, full.matmul_flops * 3)  # three of four blocks of 64

    def test_shared_keys_save_no_products(self):
        self.assertEqual(Attention(512, 80, 3, False, "bf16", 1).matmul_flops,
                         Attention(512, 80, 12, False, "bf16", 1).matmul_flops)  # fmt: skip

    def test_a_function_can_take_longer_than_a_copy(self):
        row = RowWise("gelu", "cached", "f32", 1)
        fan = 8 * 85 / row.num_rows  # a millisecond for the row's elements
        self.assertAlmostEqual(row.limit_ms({}, {"copy": 0.5, "function": fan}), 1)
        self.assertEqual(row.limit_ms({}, {"copy": 2, "function": fan}), 2)

    def test_bytes_of_all_tensors_are_those_of_the_place(self):
        for op in OPS:
            for precision in ("f32", "bf16"):
                row = RowWise(op, "cached", precision, 1)
                self.assertAlmostEqual(row.bytes / 2**20, 1, delta=0.01)
                self.assertEqual(sum(feed.nbytes for feed in row.feeds().values()) + row.feeds()["x"].nbytes, row.bytes)

    def test_weights_of_few_bits_are_codes_and_scales(self):
        rows = {row.title + row.precision: row for row in decode_rows([1], 1)}
        elements = 2048 * 8192
        for name, each in [("floatsf32", 4), ("floatsbf16", 2), ("i4g32f32", 0.5 + 4 / 32), ("i4g32bf16", 0.5 + 2 / 32),
                           ("i8g128qdqf32", 1 + 4 / 128)]:  # fmt: skip
            row = rows[name]
            self.assertEqual(row.layer_bytes, elements * each)
            self.assertEqual((row.num_layers, row.limit_ms({"read": row.layer_bytes * 2e3}, {"sum": 1e9})), (2, 1))
            self.assertAlmostEqual(row.limit_ms({"read": 1}, {"sum": 2.0**29 / row.layer_bytes / 2}), 1)

    def test_a_chain_has_the_bytes_that_are_asked_for(self):
        for row in decode_rows([1], 300 << 20):
            self.assertGreaterEqual(row.num_layers * row.layer_bytes, 300 << 20)
            self.assertLess((row.num_layers - 2) * row.layer_bytes, 300 << 20)

    def test_the_last_cache_is_the_largest(self):
        with tempfile.TemporaryDirectory() as folder:
            for index, size in enumerate(["48K", "2048K", "491520K"]):
                cache = pathlib.Path(folder) / f"index{index}"
                cache.mkdir()
                (cache / "size").write_text(size + "\n")
            self.assertEqual(last_cache_bytes(pathlib.Path(folder)), 480 << 20)
            self.assertEqual(last_cache_bytes(pathlib.Path(folder) / "absent"), 0)


class Verdicts(unittest.TestCase):
    def test_both_parts_of_a_bar_count(self):
        for ratio, share, met in [(1.4, 0.87, True), (1.39, 0.9, False), (2, 0.86, False), (None, 1, False),
                                  (2, None, False)]:  # fmt: skip
            self.assertEqual(Bar(1.4, 0.87).is_met(ratio, share), met, (ratio, share))
        self.assertTrue(Bar(share=0.9).is_met(None, 0.9))
        self.assertTrue(Bar(1).is_met(1, None))

    def test_the_bars(self):
        self.assertEqual(SQUARE.bar("amx"), Bar(1, 0.93))
        self.assertEqual(Gemm(1, 1, 1, "f32", 2).bar("none"), Bar(1, 0.9))
        self.assertEqual([Gemm(1, 1, 1, "int8", 2).bar(unit) for unit in ("amx", "avx512")], [Bar(1), Bar(1, 0.9)])
        self.assertEqual(Attention(128, 64, 4, True, "bf16", 1).bar("amx"), Bar(1.4, 1 / 1.3))
        self.assertEqual(Attention(128, 80, 3, True, "f32", 1).bar("amx"), Bar(1.4))
        self.assertEqual([RowWise(*row, "f32", 1).bar("amx") for row in
                          [("rmsnorm", "cached"), ("layernorm", "memory"), ("softmax", "memory")]],
                         [Bar(share=0.85), Bar(share=0.95), Bar(share=0.85)])  # fmt: skip
        bars = {row.title + row.precision: row.bar("amx") for row in decode_rows([1], 1)}
        self.assertEqual([bars[name] for name in ("floatsbf16", "i8g32f32", "i4g128qdqf32", "i4g32bf16")],
                         [Bar(share=0.9), Bar(share=0.85), Bar(1, 0.6), Bar(share=0.6)])  # fmt: skip

    def test_ratio_and_share_are_of_paired_rounds(self):
        results = {"tenon": times("tenon", 1.0, 2.0, 4.0), "mkl": times("peer", 2.0, 4.0, 8.0),
                   "openblas": times("peer", 9.0, 9.0, 9.0)}  # fmt: skip
        verdict = judge(SQUARE, results, [AMX[0] | {"f32": AMX[0]["f32"] / ms} for ms in (1, 2, 4)])
        self.assertEqual((verdict["best_peer"], verdict["ratio"]), ("mkl", {"low": 2.0, "median": 2.0, "high": 2.0}))
        self.assertEqual((verdict["limit_ms"], verdict["share"]["median"], verdict["met"]), (2.0, 1.0, True))

    def test_a_yardstick_is_no_peer(self):
        row = Attention(128, 64, 12, False, "f32", 2)
        results = {"tenon": times("tenon", 1.0), "sdpa": times("peer", 3.0), "gemm": times("yardstick", 0.1)}
        verdict = judge(row, results, AMX)
        self.assertEqual((verdict["best_peer"], verdict["ratio"]["median"]), ("sdpa", 3.0))
        self.assertAlmostEqual(verdict["share"]["median"], row.matmul_flops / 2 / 1024**3 * 0.1)

    def test_without_its_yardstick_or_itself_a_row_is_not_met(self):
        results = {"tenon": times("tenon", 1.0), "torch": times("peer", 9.0),
                   "copy": {"kind": "yardstick", "error": "no room"}}  # fmt: skip
        verdict = judge(RowWise("add", "cached", "f32", 1), results, AMX)
        self.assertEqual((verdict["share"], verdict["limit_ms"], verdict["met"]), (None, None, False))
        results = {"tenon": {"kind": "tenon", "error": "no such op"}, "mkl": times("peer", 1.0)}
        self.assertFalse(judge(SQUARE, results, AMX)["met"])


class Turns(unittest.TestCase):
    def test_a_turn_has_runs_enough_and_a_row_rounds(self):
        self.assertEqual(plan_rounds({"slow": 100, "quick": 2}, 1), (4, {"slow": 1, "quick": 10}))  # 0.222 s each
        self.assertEqual(plan_rounds({"slow": 1e5}, 1), (3, {"slow": 1}))
        self.assertEqual(plan_rounds({"tiny": 1e-3}, 60), (25, {"tiny": MOST_RUNS}))
        self.assertEqual(plan_rounds({"quick": 2}, 1, is_cold=True)[1], {"quick": 1})

    def test_every_second_round_goes_backwards(self):
        order = []
        runners = {name: Runner(lambda name=name: order.append(name)) for name in "ab"}
        found, probed = take_turns(runners, lambda: order.append("probe"), 0, is_cold=True)
        self.assertEqual(order, ["a", "b", "probe", "a", "b", "probe", "b", "a", "probe", "a", "b"])
        self.assertEqual(([len(rounds) for rounds in found.values()], len(probed)), ([3, 3], 3))


@dataclasses.dataclass(frozen=True)
class Failing(Row):
    """A peer that computes something else, and one that cannot be opened."""

    group, title, precision, threads = "gemm", "failing", "f32", 1
    name = "failing"
    artifact, rates = "failing", ("f32",)
    feeds = model = lambda self: {}

    def open_peers(self, feeds, artifacts):
        one, two = np.ones(3), np.full(3, 2.0)
        return [("onednn", lambda: Runner(int, lambda: one)), ("mkl", lambda: Runner(int, lambda: two)),
                ("mkl-packed", lambda: Runner(int, lambda: np.ones(4))), ("openblas", lambda: 1 / 0)]  # fmt: skip

    def limit_ms(self, rates, yardsticks_ms):
        return 1.0

    def bar(self, unit):
        return Bar(1)


class Measuring(unittest.TestCase):
    def test_who_fails_says_so_and_others_go_on(self):
        machine = Machine(BUILD)
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Failing(), Setting(Artifacts(BUILD, pathlib.Path(folder)), machine, True))
        machine.close()
        errors = {name: result.get("error") for name, result in found["runners"].items()}
        self.assertEqual(errors["openblas"], "division by zero")
        self.assertEqual(errors["mkl"], "the output is 1 from the others', expected 0.0001")
        self.assertEqual(errors["mkl-packed"], "the output is [4], expected [3]")
        self.assertIsNone(errors["onednn"])
        self.assertTrue(errors["tenon"])
        self.assertEqual((found["best_peer"], found["met"]), ("onednn", False))
        self.assertEqual(len(list(remarks(found))), 4)
        row = cells(found)
        self.assertEqual([row[name] for name in ("tenon", "mkl", "ratio", "met")], ["failed", "failed", "-", "no"])

    def test_nan_is_far_from_everything(self):
        self.assertFalse(distance(np.array([1.0, np.nan]), np.array([1.0, 1.0])) <= 1)

    def test_the_probe_measures_what_is_named(self):
        machine = Machine(BUILD)
        self.assertEqual(set(machine.rates(1, ["f32", "int8"])), {"threads", "f32", "int8", "unit"})
        self.assertEqual(set(machine.rates(1)), {"threads", "f32", "bf16", "int8", "read", "unit"})
        machine.close()


class Models(unittest.TestCase):
    def evaluate(self, model, feeds):
        return ReferenceEvaluator(model).run(None, {name: as_numpy(feed) for name, feed in feeds.items()})[0]

    def test_a_layers_product_is_what_its_nodes_mean(self):
        """MatMulNBits is not ONNX's own, but its codes and scales are those of the other form, in another order."""
        for bits in (4, 8):
            layer = QdqLayer(f"i{bits}g32qdq", 0)
            model = make_model(layer.nodes("x", "y"), [value("x", torch.float32, [1, WIDTH])],
                               value("y", torch.float32, [1, INNER]), layer.initializers())  # fmt: skip
            expected = self.evaluate(model, {"x": first_input()})
            self.assertLess(distance(layer.product(first_input()).numpy(), expected), 1e-5)
            other = NBitsLayer(f"i{bits}g32", 0)
            codes = other.codes().view(INNER, WIDTH).t()
            weights = codes * other.scales().repeat_interleave(32, 0)
            expected = (first_input() @ weights).numpy()
            self.assertLess(distance(other.product(first_input()).numpy(), expected), 1e-5)

    def test_codes_are_even_about_the_middle(self):
        for bits in (4, 8):
            codes = NBitsLayer(f"i{bits}g128", 3).codes()
            self.assertEqual(int(codes.abs().max()), 2 ** (bits - 1) - 1)
            self.assertLess(abs(float(codes.double().mean())), 0.02 * 2**bits)

    def test_a_quantized_matmul_is_that_of_the_reference(self):
        row = Gemm(5, 32, 64, "int8", 1)
        feeds = row.feeds()
        peer = row.open_peers(feeds, None)[0][1]()
        peer.run()
        self.assertLess(distance(peer.output(), row.floats(self.evaluate(row.model(), feeds))), 0.005)

    def test_a_fan_has_the_function_at_eight_places(self):
        x = torch.linspace(-1, 1, 768).view(1, 768)
        for name, function in [("exp", torch.exp), ("gelu", functional.gelu), ("silu", functional.silu)]:
            expected = sum(function(x + number / 8) for number in range(8))
            self.assertLess(distance(self.evaluate(fan_model(name), {"x": x}), expected.numpy()), 1e-5)


class Rows(unittest.TestCase):
    def test_names_tell_rows_apart(self):
        rows = [*gemm_rows([1, 2]), *attention_rows([1, 2]), *rowwise_rows([1, 2]), *decode_rows([1, 2], 1)]
        self.assertEqual(len({(row.group, row.name) for row in rows}), len(rows))

    def test_rows_of_an_artifact_follow_each_other(self):
        for rows in (gemm_rows([1, 2]), attention_rows([1, 2]), rowwise_rows([1, 2]), decode_rows([1, 2], 1)):
            artifacts = [row.artifact for row in rows]
            changes = sum(first != second for first, second in zip(artifacts, artifacts[1:]))
            self.assertEqual(changes + 1, len(set(artifacts)))

    def test_shapes_are_those_of_the_models(self):
        self.assertEqual(set(shapes_of("bert-base")), {(768, 768), (3072, 768), (768, 3072)})
        self.assertEqual(set(shapes_of("llama-125m")),
                         {(768, 768), (256, 768), (2048, 768), (768, 2048), (32000, 768)})  # fmt: skip
        self.assertEqual(set(shapes_of("gpt2-small")),
                         {(2304, 768), (768, 768), (3072, 768), (768, 3072), (50257, 768)})  # fmt: skip
        self.assertIn((1576, 3072, 768), all_shapes())
        self.assertEqual(len(set(all_shapes())), len(all_shapes()))


class Tables(unittest.TestCase):
    def setUp(self):
        results = {"tenon": times("tenon", 1.0), "onednn": times("peer", 1.5),
                   "openblas": {"kind": "peer", "error": "absent"}}  # fmt: skip
        copied = {"tenon": times("tenon", 2.0), "torch": times("peer", 1.0), "copy": times("yardstick", 1.0)}
        self.rows = [figures(SQUARE, results, AMX), figures(RowWise("add", "cached", "f32", 1), copied, AMX)]

    def test_a_row(self):
        row = cells(self.rows[0])
        names = "gemm", "tenon", "onednn", "mkl", "openblas", "limit", "ratio", "share"
        self.assertEqual([row[name] for name in names],
                         ["1024 x 1024 x 1024 f32 1t", "1", "1.5", "", "failed", "1", "1.50", "1.00"])  # fmt: skip
        self.assertEqual((row["needs"], row["met"], cells(self.rows[1])["needs"]), ("1.0x 0.93", "yes", "0.85"))

    def test_the_closing_lines(self):
        self.assertEqual(list(closing_lines({"rows": self.rows})),
                         ["gemm: 1 of 1", "rowwise: 0 of 1", "kernels met: 1 of 2"])

    def test_the_page_has_a_table_for_each_group(self):
        page = "\n".join(markdown({"cpu": "A CPU", "date": "2000-01-01", "quick": True, "versions": {"torch": "1"},
                                   "rows": self.rows}))  # fmt: skip
        self.assertTrue(page.startswith("### A CPU\n\n2000-01-01, a tenth of the rounds; torch 1.\n"))
        self.assertIn("| rowwise | tenon | torch | copy | function |", page)
        self.assertIn("- gemm 1024 x 1024 x 1024 f32 1t: openblas fails: absent", page)


if __name__ == "__main__":
    unittest.main()
