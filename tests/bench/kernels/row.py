"""What a row of the tables is: one kernel on one shape, with what it is compared to."""

import dataclasses
import typing


@dataclasses.dataclass
class Runner:
    """Something that is timed. output: the latest run's, as floats, where it is compared."""

    run: typing.Callable
    output: typing.Callable = None
    close: typing.Callable = lambda: None


@dataclasses.dataclass(frozen=True)
class Bar:
    """What a row needs: so many times faster than the best peer, and such a share of its limit."""

    ratio: float | None = None
    share: float | None = None

    def is_met(self, ratio, share):
        needed = [(self.ratio, ratio), (self.share, share)]
        return all(least is None or (value is not None and value >= least) for least, value in needed)


class Row:
    """Each group is a class of these, of dataclasses with `precision` and `threads` among their fields."""

    group = ""  # its name
    rates = ()  # which of the machine's the limit takes
    is_cold = False  # whether a run must find nothing in the caches
    compile_options = ()  # of tenon compile
    farthest = {"f32": 1e-4, "bf16": 0.02, "int8": 0.02}  # what outputs may differ by, in the 2-norm

    @property
    def name(self):
        """Without the group: `128 x 768 x 3072 bf16 2t`."""
        return f"{self.title} {self.precision} {self.threads}t"

    @property
    def artifact(self):
        """Rows of the same artifact are of one model, whose dims are open."""
        raise NotImplementedError

    def model(self):
        """The ONNX model that Tenon runs."""
        raise NotImplementedError

    def feeds(self):
        """Its inputs by their names, as tensors of PyTorch."""
        raise NotImplementedError

    def oracle(self, feeds):
        """The output, where that is computed for the comparison alone."""
        return None

    def open_peers(self, feeds, artifacts):
        """(name, function that opens it) of each peer."""
        raise NotImplementedError

    def open_yardsticks(self, artifacts):
        """The same of what the limit is made of, and what takes turns too."""
        return []

    def floats(self, output):
        """What Tenon's output means."""
        return output

    def limit_ms(self, rates, yardsticks_ms):
        """The least time of a round, from what the machine and the yardsticks had in it."""
        raise NotImplementedError

    def bar(self, unit):
        """unit: what multiplies bf16 and int8 on this machine."""
        raise NotImplementedError
