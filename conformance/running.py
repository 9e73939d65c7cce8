"""Every case through one program, and what came of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from conformance.cases import LoadedCase
from conformance.exchange import Program, ProgramError
from conformance.judging import Mark, Verdict, judge
from conformance.programs import ProgramSpec


@dataclass
class Outcome:
    """What became of the cases in one program.

    Attributes:
        spec: The program.
        counts: How many cases of each group (task and first part of the set) got which mark; one
            that failed as expected is marked "known".
        problems: A line for each case that counts against the program.
        skipped: How many cases were skipped for which reason.
        known: How many cases failed for which known reason.
    """

    spec: ProgramSpec
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def add(self, case: LoadedCase, verdict: Verdict) -> None:
        """Count one case. A known failure that passes counts against the program too."""
        expected = next((each for each in self.spec.failures if each.covers(case.id)), None)
        mark: str = verdict.mark
        if verdict.mark is Mark.FAIL and expected:
            mark = "known"
            self.known[expected.why] += 1
        elif verdict.mark is Mark.FAIL:
            self.problems.append(f"{case.id}: {verdict.reason}")
        elif verdict.mark is Mark.PASS and expected:
            mark = Mark.FAIL
            self.problems.append(f"{case.id}: passes, but {expected.cases} is said to fail")
        elif verdict.mark is Mark.SKIP:
            self.skipped[verdict.reason] += 1
        self.counts.setdefault(group(case.id), Counter())[mark] += 1


def group(case_id: str) -> str:
    """Return the row that a case is counted in: "reject/rules" of "reject/rules/Metric/..."."""
    return "/".join(case_id.split("/")[:2])


def run(
    spec: ProgramSpec, cases: Iterable[LoadedCase], progress: Callable[[LoadedCase], None]
) -> Outcome:
    """Ask a program about its cases; `progress` is called after each."""
    outcome = Outcome(spec)
    with Program(spec.run, spec.log) as program:
        for case in cases:
            if spec.asked_about(case.id):
                outcome.add(case, verdict_of(program, case))
            progress(case)
    return outcome


def verdict_of(program: Program, case: LoadedCase) -> Verdict:
    """Ask a running program about one case."""
    request = case.request()
    try:
        return judge(case, request, program.ask(request))
    except ProgramError as error:
        return Verdict(Mark.FAIL, str(error))
