"""`fourierscope paper`: published figures and tables made again, and held against what was printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser, Namespace

from fourierscope.cli.parsing import parsed
from fourierscope.papers import PAPERS, paper_named
from fourierscope.papers.exhibit import Exhibit
from fourierscope.papers.making import Setting
from fourierscope.papers.page import page_of
from fourierscope.papers.paper import Budget, Outcome, Paper, made_again
from fourierscope.papers.tables import UNSURE, beside_table, check_table, counted, left_out, overview, plain, untried
from fourierscope.subjects import Classifier, open_classifier, open_samples
from fourierscope.subjects.reference import reference_names


def main(words: list[str]) -> int:
    """Make the figures of a paper again, or list the papers."""
    if not words:
        print("papers, with their exhibits: fourierscope paper NAME [EXHIBIT ...]")
        print("\n".join(f"  {name:<12} {says}" for name, says in PAPERS.items()))
        return 0
    given = parsed(_parser(), words)
    paper = paper_named(given.paper)
    budget = paper.budget(given.budget)
    exhibits = list(dict.fromkeys(paper.exhibit(one) for one in given.exhibits)) or list(paper.exhibits)
    setting = _setting(given, paper, budget)
    folder = Path(given.folder or f"{paper.name}-{given.budget}").expanduser()
    print(f"{paper.title}\nBudget {given.budget}: {budget.says}")
    outcomes = [outcome for one in exhibits for outcome in _made(paper, one, setting, folder)]
    page = page_of(paper, given.budget, budget, outcomes, folder)
    print(f"\n{plain(overview(outcomes))}\n\n{counted(outcomes)} {UNSURE}")
    print(f"Written: {page}. Results, pictures, checks and finished cells are in {folder}.")
    return 0


def _made(paper: Paper, exhibit: Exhibit, setting: Setting, folder: Path) -> list[Outcome]:
    """What came of one exhibit, told as it comes."""
    print(f"\n{exhibit.heading}: {exhibit.title}\n{exhibit.claim}", flush=True)
    try:
        outcomes = list(made_again(paper, [exhibit], setting, folder))
    except KeyboardInterrupt as error:
        error.add_note(f"{exhibit.heading} was not finished; the same command goes on where it was.")
        raise
    print("\n".join(line for one in outcomes for line in _told(one)))
    return outcomes


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="fourierscope paper", description="Make the figures and tables of a paper again.")
    parser.add_argument("paper", help=f"{', '.join(PAPERS)}.")
    parser.add_argument(
        "exhibits",
        nargs="*",
        default=[],
        help="Such as 3, figure3, table2, experiment6 or kernel; empty: all. `fourierscope paper` lists those of each.",
    )
    parser.add_argument(
        "--budget", default="smoke", help="smoke (a minute or less), small (minutes to hours), full (GPU)."
    )
    parser.add_argument(
        "--samples", type=str | None, default=None, help="Test images, such as npz:PATH; smoke brings its own."
    )
    parser.add_argument(
        "--training", type=str | None, default=None, help="Training images, for exhibits that train networks."
    )
    parser.add_argument(
        "--size", type=int | None, default=None, help="Resize all images' shorter side to so many pixels; the centre."
    )
    parser.add_argument("--limit", type=int | None, default=None, help="At most so many test images in every exhibit.")
    parser.add_argument(
        "--classifier", action="append", default=[], help="ROLE=WORD, such as natural=nets.py:make; may be repeated."
    )
    parser.add_argument(
        "--weights", action="append", default=[], help="ROLE=FILE, weights of such a classifier; may be repeated."
    )
    parser.add_argument(
        "--mean", type=tuple[float, ...] | None, default=None, help="Normalisation of the classifiers given."
    )
    parser.add_argument(
        "--std", type=tuple[float, ...] | None, default=None, help="Normalisation of the classifiers given."
    )
    parser.add_argument("--device", type=str | None, default=None, help="cpu, cuda; empty: where the networks are.")
    parser.add_argument("--folder", type=str | None, default=None, help="Where everything goes; run again to go on.")
    parser.add_argument("--workers", type=int, default=1, help="Number of processes.")
    parser.add_argument("--batch", type=int | None, default=None, help="Images at a time; empty: automatic.")
    return parser


def _setting(given: Namespace, paper: Paper, budget: Budget) -> Setting:
    spec = given.samples or budget.samples
    if spec is None:
        raise ValueError(f"The budget {given.budget} asks for test images: --samples npz:PATH or cifar10:test.")
    words, weights = _by_role(given.classifier, paper, "--classifier"), _by_role(given.weights, paper, "--weights")
    if set(weights) - set(words):
        alone = ", ".join(sorted(set(weights) - set(words)))
        raise ValueError(f"--weights go with a --classifier of the same role; {alone} has none.")
    if given.limit is not None and given.limit < 1:
        raise ValueError(f"--limit is a whole number from 1 on; {given.limit} came.")
    classifiers, absent = _classifiers(paper, budget, given.device, words)
    for role, word in words.items():
        classifiers[role] = open_classifier(word, weights.get(role), given.mean, given.std, None, given.device)
    learned = None if given.training is None else open_samples(given.training, size=given.size)
    return Setting(
        given.budget,
        open_samples(spec, size=given.size),
        classifiers,
        absent,
        learned,
        given.limit,
        given.device,
        given.workers,
        given.batch,
    )


def _by_role(given: Sequence[str], paper: Paper, flag: str) -> dict[str, str]:
    """ROLE=WORD by role. Raises ValueError for another form, an unknown role, or a role that comes twice."""
    found: dict[str, str] = {}
    for one in given:
        role, sign, word = one.partition("=")
        if not (sign and word) or role not in paper.roles or role in found:
            raise ValueError(
                f"{flag} takes ROLE=..., once a role; the roles are {', '.join(paper.roles)}; {one!r} came."
            )
        found[role] = word
    return found


def _classifiers(
    paper: Paper, budget: Budget, device: str | None, own: Mapping[str, str]
) -> tuple[dict[str, Classifier], dict[str, str]]:
    """The budget's classifiers that are there and not replaced, and why the others are not."""
    found, shipped, absent = {}, reference_names(), dict(budget.absent)
    for role in [one for one in paper.roles if one not in own]:
        word = budget.classifiers.get(role)
        if word is None:
            absent.setdefault(role, f"no classifier {role} was given (--classifier {role}=...)")
        elif word.removeprefix("reference:") in shipped:
            found[role] = open_classifier(word, device=device)
        else:
            absent[role] = f"{word} is not shipped with this version (--classifier {role}=... takes your own)"
    return found, absent


def _told(outcome: Outcome) -> list[str]:
    """An exhibit on the terminal: what was left out, its checks, printed numbers beside ours."""
    if outcome.not_tried:
        return [f"Not in this budget, because {outcome.not_tried}."]
    lines = [f"Used again: {outcome.reused} finished cells that this folder kept."] * bool(outcome.reused)
    lines += left_out(outcome.made)
    lines += [f"\n{one.heading}. {one.says}\n{plain(one)}\n" for one in outcome.tables]
    tried = [one for one in outcome.checked if one.reading is not None]
    lines += [plain(check_table(tried))] * bool(tried) + untried(outcome.checked)
    return [*lines, "", plain(beside_table(outcome.beside))] if outcome.beside else lines
