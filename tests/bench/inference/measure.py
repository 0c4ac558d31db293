"""Runs a case: every engine in its process, in turns on the same inputs, the machine among them."""

import contextlib
import dataclasses
import pathlib
import typing

import numpy as np
from cases import make_feeds
from limits import work_of
from models import Models
from peers import Failed, Machine, Peer
from verdict import judge
from worker import Job, first_line

TURN_MS = 100  # what a turn's timed runs take about
CASE_SECONDS = 12  # what the turns of a case take about
FEWEST_ROUNDS, MOST_ROUNDS = 5, 20

# The relative distance, in the 2-norm, that outputs of one model may have from each other.
FARTHEST = {"f32": 1e-3, "bf16": 0.1, "int8": 0.3}


@dataclasses.dataclass
class Setting:
    """What is the same for all cases. quick: a tenth of the rounds."""

    models: Models
    machine: Machine
    build: pathlib.Path
    folder: pathlib.Path  # for what only this run of the suite needs
    cache: pathlib.Path
    log: typing.TextIO
    quick: bool


class Run:
    def __init__(self, case, setting, names):
        self.case, self.setting = case, setting
        self.results = {name: {} for name in names}
        self.peers = {}

    def find_model(self):
        """Without a model every engine has failed."""
        try:
            return self.setting.models.find(self.case)
        except Exception as error:  # of any exporter or quantizer
            for result in self.results.values():
                result["error"] = f"there is no model: {first_line(error)}"
            return None

    def attempt(self, name, action):
        """An engine that fails leaves the run, and its result says why."""
        try:
            return action()
        except Failed as failure:
            self.results[name]["error"] = str(failure)
            if peer := self.peers.pop(name, None):
                peer.close()
            return None

    def open(self, name, model, feeds):
        setting = self.setting
        job = Job(name, self.case, model, feeds, setting.build, setting.folder, setting.cache,
                  setting.models.safetensors(self.case))  # fmt: skip
        self.peers[name] = Peer(job, setting.log)
        if loaded := self.attempt(name, lambda: self.peers[name].do("load")):
            self.results[name] |= loaded

    def compare_outputs(self):
        """With those of the first peer that has any; Tenon, if there is none."""
        reference = None
        for name in sorted(self.peers, key=lambda name: name == "tenon"):
            path = self.setting.folder / "output.npy"
            if self.attempt(name, lambda: self.peers[name].do("output", path=str(path))) is None:
                continue
            output = np.load(path).astype(np.float64)
            reference = output if reference is None else reference
            self.attempt(name, lambda: self.check_output(name, output, reference))

    def check_output(self, name, output, reference):
        if output.shape != reference.shape:
            raise Failed(f"the output is {list(output.shape)}, expected {list(reference.shape)}")
        distance = float(np.linalg.norm(output - reference) / np.linalg.norm(reference))
        self.results[name]["distance"] = distance
        if not distance <= FARTHEST[self.case.precision]:
            raise Failed(f"the output is {distance:.2g} from the others', expected {FARTHEST[self.case.precision]}")

    def take_turns(self):
        """Each round lasts a turn of each; every second one goes backwards. Returns the rates of each round."""
        once = {name: self.results[name]["once_ms"] for name in self.peers}
        counts = {name: max(1, round(TURN_MS / ms)) for name, ms in once.items()}
        round_seconds = sum(once[name] * (counts[name] + 1) for name in once) / 1e3
        num_rounds = int(np.clip(CASE_SECONDS / max(round_seconds, 1e-3), FEWEST_ROUNDS, MOST_ROUNDS))
        if self.setting.quick or not self.peers:
            num_rounds = -(-num_rounds // 10)
        rates = []
        for number in range(num_rounds):
            rates.append(self.setting.machine.rates(self.case.threads))
            names = list(self.peers)
            for name in names if number % 2 == 0 else names[::-1]:
                times = self.attempt(name, lambda: self.peers[name].do("run", count=counts[name]))
                if times:
                    self.results[name].setdefault("rounds_ms", []).append(float(np.median(times["ms"])))
        return rates

    def close(self):
        for peer in self.peers.values():
            peer.close()
        self.peers = {}


def measure(case, setting, names):
    """The figures of a case, as the JSON has them."""
    run = Run(case, setting, names)
    with contextlib.closing(run):
        if model := run.find_model():
            feeds = setting.folder / "feeds.npz"
            np.savez(feeds, **make_feeds(case))
            for name in names:
                run.open(name, model, feeds)
        run.compare_outputs()
        rates = run.take_turns()
        for name in list(run.peers):
            run.results[name] |= run.attempt(name, lambda: run.peers[name].do("memory")) or {}
    return {"name": case.name, **dataclasses.asdict(case), "engines": run.results, "rates": rates,
            **judge(case, run.results, [work_of(case).seconds(rate) * 1e3 for rate in rates])}  # fmt: skip
