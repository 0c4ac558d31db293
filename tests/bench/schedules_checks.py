"""Checks what schedules.py makes of entries with numbers worked out by hand, and that the file it wrote has such entries.

usage: schedules_checks.py FILE.json
"""

import json
import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).parent))
import schedules

WRITTEN = json.loads(pathlib.Path(sys.argv.pop(1)).read_text())
CHOICE, OTHER = '{BK = 64 : index, order = array<i64: 1, 0>}', '{BK = 32 : index, BM = 8 : index, unit = "amx-int8"}'


def entry(ratio, sizes=(1, 16, 32, 64)):
    return {"case": "m b1", "kernel": "matmul", "sizes": list(sizes), "predicted": 4e-4, "seconds": 5e-4,
            "best": CHOICE if ratio == 1 else OTHER, "ratio": ratio}  # fmt: skip


class Table(unittest.TestCase):
    def test_a_row_has_the_times_in_ms(self):
        self.assertEqual(schedules.cells(entry(0.8)), ["m b1", "matmul", "16 x 32 x 64", "0.400", "0.500", "0.400", "1.25",
                                                       "BK 32, BM 8, unit amx-int8"])  # fmt: skip

    def test_the_number_of_products_stands_before_their_shape(self):
        self.assertEqual(schedules.cells(entry(1, (12, 16, 16, 64)))[2], "12 x 16 x 16 x 64")

    def test_the_order_of_the_grid_is_numbers(self):
        self.assertEqual(schedules.cells(entry(1))[-1], "BK 64, order 1-0")

    def test_ten_percent_are_of_the_best_ones_time(self):
        rows = [entry(1), entry(1 / 1.099), entry(1 / 1.101), entry(0.5)]
        self.assertEqual(schedules.closing_line(rows), "within 10 %: 2 of 4")

    def test_dims_of_inputs(self):
        cases = {schedules.title(case): case for case in schedules.CASES}
        fixed = {name: schedules.fixed_options(case) for name, case in cases.items()}
        self.assertEqual(fixed["bert-base b8 s128 f32"], ["--tune", "--shape=input_ids=8x128"])
        self.assertEqual(fixed["vit-b16 b1 s197 f32"], ["--tune", "--shape=pixels=1x3x224x224"])
        self.assertEqual(fixed["llama-125m b1 s1 p512 bf16"],
                         ["--tune", "--shape=input_ids=1x1", "--shape=past.0.key=1x4x512x64"])  # fmt: skip
        open_dims = {name: schedules.open_options(case) for name, case in cases.items()}
        self.assertEqual(open_dims["vit-b16 b8 s197 f32"], ["--tune=batch=8"])
        self.assertEqual(open_dims["bert-base b8 s128 f32"],
                         ["--tune=batch=8,length=128", "--shape=input_ids=batchxlength"])  # fmt: skip
        self.assertEqual(open_dims["llama-125m b1 s1 p512 bf16"], ["--tune=batch=1,length=1,past=512,total=513"])


class Written(unittest.TestCase):
    def test_the_choice_stands_first(self):
        for row in WRITTEN:
            self.assertEqual(row["tried"][0]["ratio"], 1)
            self.assertIn(row["best"], [tried["schedule"] for tried in row["tried"]])

    def test_a_faster_one_is_faster_by_more_than_noise(self):
        for row in WRITTEN:
            is_chosen = row["best"] == row["tried"][0]["schedule"]
            self.assertEqual(row["ratio"] == 1, is_chosen)
            self.assertTrue(is_chosen or row["ratio"] < 0.97)

    def test_times_are_predicted_and_measured(self):
        for row in WRITTEN:
            self.assertGreater(row["predicted"], 0)
            self.assertGreater(row["seconds"], 0)


if __name__ == "__main__":
    unittest.main()
