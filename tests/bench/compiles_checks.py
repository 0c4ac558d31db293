"""Checks what compiles.py makes of times with numbers worked out by hand."""

import pathlib
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).parent))
import compiles


class Compiles(unittest.TestCase):
    def test_the_lines_compare_with_what_is_wanted(self):
        medians = {"bert-base f32": 4.0, "bert-base-24 f32": 5.0, "bert-base bf16": 2.0, "bert-base-24 bf16": 3.0}
        self.assertEqual(list(compiles.lines(medians))[-2:], [
            "f32: 4.00 s of 5; 24 layers take 1.25 of 12, at most 1.3",
            "bf16: 2.00 s of 5; 24 layers take 1.50 of 12, at most 1.3"])

    def test_no_file_is_replaced(self):
        with tempfile.TemporaryDirectory() as name:
            made = pathlib.Path(name, "made")
            for _ in range(2):
                seconds = compiles.timed(lambda: made.open("x").close(), pathlib.Path(name))
                self.assertGreater(seconds, 0)


if __name__ == "__main__":
    unittest.main()
