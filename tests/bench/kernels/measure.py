"""Measures a row: opens what runs it, compares outputs, takes turns, and judges."""

import contextlib
import dataclasses

import numpy as np
from artifacts import Artifacts
from peers import Machine
from tensors import distance
from turns import take_turns
from verdict import best_peer, spread
from worker import first_line

ROW_SECONDS = 3  # what the turns of a row take about; a tenth of it when it is to be quick


@dataclasses.dataclass
class Setting:
    artifacts: Artifacts
    machine: Machine
    quick: bool


class Run:
    def __init__(self, row, setting, stack):
        self.row, self.setting, self.stack = row, setting, stack
        self.runners, self.results = {}, {}

    def attempt(self, name, action):
        """Who fails has no more turns, and its result says why."""
        try:
            return action()
        except Exception as error:  # of any library
            self.runners.pop(name, None)
            self.results[name]["error"] = first_line(error)
            return None

    def open(self, name, make, kind):
        self.results[name] = {"kind": kind}
        if runner := self.attempt(name, make):
            self.stack.callback(runner.close)
            self.runners[name] = runner
            self.attempt(name, runner.run)

    def open_all(self, feeds):
        row, artifacts = self.row, self.setting.artifacts
        self.open("tenon", lambda: artifacts.open_row(row, feeds), "tenon")
        for name, make in row.open_peers(feeds, artifacts):
            self.open(name, make, "peer")
        for name, make in row.open_yardsticks(artifacts):
            self.open(name, make, "yardstick")

    def compare_outputs(self, feeds):
        """With the oracle's or, where a row has none, with those of the first peer that has any."""
        reference = self.row.oracle(feeds)
        for name in sorted(self.of_kinds("peer", "tenon"), key=lambda name: name == "tenon"):
            output = self.attempt(name, self.runners[name].output)
            if output is not None:
                reference = output if reference is None else reference
                self.attempt(name, lambda: self.check(name, output, reference))

    def of_kinds(self, *kinds):
        return [name for name in self.runners if self.results[name]["kind"] in kinds]

    def check(self, name, output, reference):
        if output.shape != reference.shape:
            raise ValueError(f"the output is {list(output.shape)}, expected {list(reference.shape)}")
        far, farthest = distance(output, reference), self.row.farthest[self.row.precision]
        self.results[name]["distance"] = far
        if not far <= farthest:
            raise ValueError(f"the output is {far:.2g} from the others', expected {farthest:.2g}")

    def time(self):
        """Returns the machine's rates of each round."""
        row, setting = self.row, self.setting
        times, rates = take_turns(self.runners, lambda: setting.machine.rates(row.threads, row.rates),
                                  ROW_SECONDS / (10 if setting.quick else 1), row.is_cold)  # fmt: skip
        for name, rounds in times.items():
            self.results[name] |= {"rounds_ms": rounds, "ms": float(np.median(rounds))}
        return rates


def limits_of(row, results, rates):
    """The limit of each round, or nothing where a yardstick failed."""
    yardsticks = {name: result for name, result in results.items() if result["kind"] == "yardstick"}
    if any("error" in result for result in yardsticks.values()):
        return None
    return [row.limit_ms(rate, {name: result["rounds_ms"][number] for name, result in yardsticks.items()})
            for number, rate in enumerate(rates)]  # fmt: skip


def judge(row, results, rates):
    peers = {name: result for name, result in results.items() if result["kind"] == "peer"}
    best, limits, tenon = best_peer(peers), limits_of(row, results, rates), results["tenon"]
    verdict = {"best_peer": best, "limit_ms": limits and float(np.median(limits)), "ratio": None, "share": None}
    if "error" not in tenon:
        ours = np.array(tenon["rounds_ms"])
        verdict["ratio"] = spread(np.array(peers[best]["rounds_ms"]) / ours) if best else None
        verdict["share"] = spread(np.array(limits) / ours) if limits else None
    bar = row.bar(rates[0]["unit"])
    medians = {kind: verdict[kind] and verdict[kind]["median"] for kind in ("ratio", "share")}
    met = "error" not in tenon and bar.is_met(**medians)
    return verdict | {"bar": dataclasses.asdict(bar), "met": met}


def measure(row, setting):
    """The figures of a row, as the JSON has them."""
    feeds = row.feeds()
    with contextlib.ExitStack() as stack:
        run = Run(row, setting, stack)
        run.open_all(feeds)
        run.compare_outputs(feeds)
        rates = run.time()
        run.runners.clear()
    return {"group": row.group, "name": row.name, **dataclasses.asdict(row), "runners": run.results, "rates": rates,
            **judge(row, run.results, rates)}  # fmt: skip
