"""Checks limits, verdicts, report and the handling of failures of the suite with numbers worked out by hand.

usage: inference_checks.py BUILD
"""

import math
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).with_name("inference")))
from cases import CASES, Case, make_feeds
from limits import Work, attention_flops, dense_flops, weight_bytes, work_of
from measure import Setting, measure
from peers import Failed, LineProcess, Machine, Peer
from report import cells, closing_lines, markdown, remarks
from verdict import best_peer, geometric_mean, is_met, judge, spread
from worker import Job

BUILD = pathlib.Path(sys.argv.pop(1))
BERT = Case("bert-base", "f32", 1, 128)
DECODE = Case("llama-125m", "bf16", 1, 1, past=64)


def engines(**rounds):
    return {name: {"rounds_ms": times, "load_ms": 5.0, "compile_s": None, "peak_mb": 90.0, "empty_mb": 30.0}
            for name, times in rounds.items()}


def figures(case, limits_ms, results):
    rates = {"threads": 2, "f32": 2e11, "bf16": 4e12, "int8": 8e12, "read": 2e10}
    return {"name": case.name, "precision": case.precision, "past": case.past, "engines": results, "rates": [rates],
            **judge(case, results, limits_ms)}


class Limits(unittest.TestCase):
    def test_a_layer_of_bert_is_12_squares_of_its_width(self):
        self.assertEqual(dense_flops(BERT), 2 * 128 * 12 * 12 * 768**2)
        self.assertEqual(attention_flops(BERT), 4 * 12 * 768 * 128**2)
        self.assertEqual(weight_bytes(BERT), 4 * 12 * 12 * 768**2)

    def test_a_decoder_sees_itself_and_the_past(self):
        self.assertEqual(attention_flops(DECODE), 4 * 12 * 768 * 65)
        prefill = Case("gpt2-small", "f32", 2, 4)
        self.assertEqual(attention_flops(prefill), 2 * 4 * 12 * 768 * (1 + 2 + 3 + 4))

    def test_llama_has_a_third_of_the_keys_and_three_matrices(self):
        layer = 768 * 768 * 2 + 2 * 768 * 256 + 3 * 768 * 2048
        self.assertEqual(weight_bytes(DECODE), 2 * (12 * layer + 768 * 32000))

    def test_a_weight_of_few_bits_has_a_part_of_its_groups_scale(self):
        layer = 768 * 768 * 2 + 2 * 768 * 256 + 3 * 768 * 2048
        elements = 12 * layer + 768 * 32000
        for precision, form, each in [("f32", "i4g32", 0.5 + 4 / 32), ("bf16", "i4g32", 0.5 + 2 / 32),
                                      ("f32", "i4g128qdq", 0.5 + 4 / 128), ("f32", "i8g128", 1 + 4 / 128)]:
            case = Case("llama-125m", precision, 1, 1, past=64, form=form)
            self.assertEqual(weight_bytes(case), each * elements)

    def test_bytes_are_weights_inputs_and_outputs(self):
        past, present = 12 * 2 * 4 * 64 * 64 * 4, 12 * 2 * 4 * 65 * 64 * 4
        ids = 8 + 8 + 65 * 8  # a token and its type, and the mask
        self.assertEqual(work_of(DECODE).bytes, weight_bytes(DECODE) + past + present + ids + 32000 * 4)

    def test_the_limit_is_the_larger_of_arithmetic_and_bytes(self):
        work = Work({"f32": 100, "int8": 400}, 30)
        self.assertEqual(work.seconds({"f32": 100, "int8": 200, "read": 30}), 3)
        self.assertEqual(work.seconds({"f32": 100, "int8": 200, "read": 3}), 10)

    def test_dynamic_int8_leaves_attention_in_f32_and_qdq_does_not(self):
        dynamic, qdq = (work_of(Case("bert-base", "int8", 1, 128, form=form)) for form in ("dynamic", "qdq"))
        self.assertEqual(dynamic.flops["f32"], attention_flops(BERT))
        self.assertEqual(qdq.flops["f32"], 0)
        self.assertEqual(dynamic.all_flops, qdq.all_flops)


class Verdicts(unittest.TestCase):
    def test_met_is_much_faster_or_near_the_limit_and_slower_than_none(self):
        for ratio, share, met in [(1.5, 0.1, True), (1.49, 0.87, False), (1.0, 0.88, True), (0.99, 1.0, False)]:
            self.assertEqual(is_met(BERT, ratio, share), met, (ratio, share))
        self.assertFalse(is_met(DECODE, 1.2, 0.89))
        self.assertTrue(is_met(DECODE, 1.2, 0.9))
        self.assertTrue(is_met(Case("bert-base", "int8", 1, 128, form="qdq"), 1.0, 0.75))
        for form, share in [("i4g128", 0.6), ("i8g128", 0.85)]:
            few = Case("llama-125m", "f32", 1, 1, past=64, form=form)
            self.assertTrue(is_met(few, 1.0, share))
            self.assertFalse(is_met(few, 1.49, share - 0.01))
            self.assertFalse(is_met(few, 0.99, share))
        self.assertFalse(is_met(BERT, None, 0.95))

    def test_a_step_of_a_small_model_is_met_near_its_limit_in_time(self):
        small = Case("llama-12x256", "f32", 1, 1, past=64)
        for ratio, above, met in [(1.0, 0.1, True), (2.0, 0.11, False), (0.99, 0.0, False), (1.0, -1.0, True)]:
            self.assertEqual(is_met(small, ratio, 0.5, above), met, (ratio, above))
        self.assertAlmostEqual(judge(small, engines(tenon=[1.5, 1.0]), [1.0, 0.75])["above_ms"]["median"], 0.375)

    def test_ratios_are_of_paired_rounds(self):
        results = engines(tenon=[1.0, 2.0, 4.0], openvino=[2.0, 4.0, 8.0], torch=[9.0, 9.0, 9.0])
        verdict = judge(BERT, results, [0.5, 1.0, 2.0])
        self.assertEqual(verdict["best_peer"], "openvino")
        self.assertEqual(verdict["ratio"], {"low": 2.0, "median": 2.0, "high": 2.0})
        self.assertEqual(verdict["share"]["median"], 0.5)
        self.assertTrue(verdict["met"])
        self.assertAlmostEqual(results["tenon"]["gflops"], work_of(BERT).all_flops / 2.0 / 1e6)

    def test_quartiles(self):
        self.assertEqual(spread([1, 2, 3, 4, 5]), {"low": 2.0, "median": 3.0, "high": 4.0})

    def test_a_case_that_fails_is_not_met(self):
        verdict = judge(BERT, {"tenon": {"error": "no such op"}} | engines(torch=[1.0]), [1.0])
        self.assertEqual((verdict["met"], verdict["ratio"]), (False, None))

    def test_what_is_compiled_for_the_shape_is_no_peer(self):
        results = engines(tenon=[2.0, 2.2], **{"tenon-fixed": [2.0, 2.0]}, openvino=[6.0, 6.0])
        verdict = judge(BERT, results, [1.0, 1.0])
        self.assertEqual(verdict["best_peer"], "openvino")
        self.assertAlmostEqual(verdict["of_fixed"]["median"], 1.05)

    def test_a_peer_that_fails_in_between_is_no_best_peer(self):
        results = engines(tenon=[3.0], torch=[2.0], iree=[1.0])
        results["iree"]["error"] = "out of memory"
        self.assertEqual(best_peer(results), "torch")
        self.assertIsNone(best_peer(engines(tenon=[1.0])))


class Reports(unittest.TestCase):
    def setUp(self):
        quick = figures(BERT, [1.0], engines(tenon=[1.0], torch=[4.0]))
        same = figures(Case("bert-base", "f32", 8, 128), [1.0], engines(tenon=[2.0], torch=[2.0]))
        decode = figures(Case("gpt2-small", "f32", 1, 1, 64), [1.0], engines(tenon=[1.0], torch=[100.0]))
        failed = figures(Case("bert-base", "int8", 1, 128, form="qdq"), [1.0],
                         {"tenon": {"error": "no such op"}} | engines(openvino=[2.0]))
        self.results = {"cpu": "A CPU", "date": "2000-01-01", "quick": True, "versions": {"torch": "1"},
                        "cases": [quick, same, decode, failed]}

    def test_the_mean_is_geometric_and_without_decode(self):
        mean, ran, count = geometric_mean(self.results["cases"], "f32")
        self.assertTrue(math.isclose(mean, 2.0))
        self.assertEqual((ran, count), (2, 2))

    def test_the_closing_lines(self):
        self.assertEqual(closing_lines(self.results), [
            "machine: A CPU, f32 200 bf16 4000 int8 8000 GFLOP/s, read 20.0 GB/s",
            "cases met: 2 of 4",
            "no more memory than the leanest peer: 3 of 3",
            "geomean f32 2.00, bf16 -, int8 - (0 of 1 cases)"])

    def test_a_row(self):
        row = cells(self.results["cases"][0])
        self.assertEqual((row["tenon"], row["torch"], row["ratio"], row["share"], row["met"]),
                         ("1", "4", "4.00", "1.00", "yes"))
        self.assertEqual((row["MB"], row["load"], row["compile"], row["iree"]), ("60", "5", "-", ""))

    def test_what_an_engine_did_otherwise_is_said(self):
        results = engines(tenon=[1.0], iree=[2.0])
        results["iree"]["note"] = "without data tiling"
        self.assertEqual(list(remarks(figures(BERT, [1.0], results))), [BERT.name + ": iree without data tiling"])

    def test_a_failure_is_a_row_that_says_so(self):
        failed = self.results["cases"][3]
        self.assertEqual((cells(failed)["tenon"], cells(failed)["met"]), ("failed", "no"))
        self.assertEqual(list(remarks(failed)), ["bert-base b1 s128 int8-qdq 2t: tenon fails: no such op"])
        page = "\n".join(markdown(self.results))
        self.assertIn("- bert-base b1 s128 int8-qdq 2t: tenon fails: no such op", page)
        self.assertIn("2000-01-01, a tenth of the rounds; torch 1.", page)


class Processes(unittest.TestCase):
    def test_an_engine_says_in_one_line_what_it_cannot_do(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "feeds.npz").write_bytes(b"PK\5\6" + bytes(18))  # no arrays
            job = Job("tenon", BERT, folder / "absent.onnx", folder / "feeds.npz", BUILD, folder, folder, None)
            peer = Peer(job, None)
            with self.assertRaisesRegex(Failed, "^error: absent.onnx: .*$"):
                peer.do("load")
            peer.close()

    def test_a_process_that_ends_is_a_failure(self):
        for command, ended in [("exit 3", "exit code 3"), ("kill -SEGV $$", "SIGSEGV")]:
            process = LineProcess(["sh", "-c", command], None)
            with self.assertRaisesRegex(Failed, ended):
                process.ask("anything")
            process.close()

    def test_the_machine_has_rates_that_a_core_can_have(self):
        machine = Machine(BUILD)
        for threads in (1, 2):
            rates = machine.rates(threads)
            self.assertEqual(rates["threads"], threads)
            # From a tenth of a flop a cycle to what no core has: two FMA units of 16
            # lanes at 8 GHz, and a tile of 1024 bf16 or 2048 int8 pairs a cycle.
            for kind, most in [("f32", 512e9), ("bf16", 16384e9), ("int8", 32768e9), ("read", 1e12)]:
                self.assertTrue(1e8 < rates[kind] < most * threads, rates)
        machine.close()


class NoModel:
    def find(self, case):
        raise ValueError("the exporter is ill\nand says more")


class Measuring(unittest.TestCase):
    def test_without_a_model_every_engine_fails_and_the_case_is_not_met(self):
        machine = Machine(BUILD)
        setting = Setting(NoModel(), machine, BUILD, BUILD, BUILD, None, quick=True)
        found = measure(BERT, setting, ["tenon", "torch"])
        machine.close()
        for name in ("tenon", "torch"):
            self.assertEqual(found["engines"][name]["error"], "there is no model: the exporter is ill")
        self.assertEqual((found["met"], found["best_peer"], len(found["rates"])), (False, None, 2))


class Cases(unittest.TestCase):
    def test_names_tell_cases_apart(self):
        self.assertEqual(len({case.name for case in CASES}), len(CASES))
        self.assertEqual(DECODE.name, "llama-125m b1 s1 p64 bf16 2t")

    def test_a_quarter_of_about_40_has_one_thread_too(self):
        by_threads = {count: {re.sub(" .t$", "", case.name) for case in CASES if case.threads == count}
                      for count in (1, 2)}
        self.assertLess(by_threads[1], by_threads[2])
        self.assertAlmostEqual(len(by_threads[2]), 40, delta=7)
        self.assertAlmostEqual(len(by_threads[1]) / len(by_threads[2]), 0.25, delta=0.05)

    def test_inputs_are_the_same_at_each_call(self):
        first, again = make_feeds(DECODE), make_feeds(DECODE)
        self.assertEqual(first["past.11.value"].shape, (1, 4, 64, 64))
        self.assertEqual(first["attention_mask"].shape, (1, 65))
        self.assertTrue(all((first[name] == again[name]).all() for name in first))


if __name__ == "__main__":
    unittest.main()
