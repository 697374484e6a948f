"""A script: several processes come to one new store at the same moment. Their endings are printed, round by round.

Each is "answered", as a run without a store answers; "shared", with all of its cells done; "refused" by the store; or
what it stumbled over.
"""

import os
import sys

from stores_made import QUESTION, TRIAL, Loudness, ask, same

import fourierscope as fs


def shares(store, number):
    fs.run_share(QUESTION, TRIAL, store, f"{number}/4")
    return "shared"


def runs(store, number):
    return "answered" if same(ask(store), PLAIN) else "differs"


def questions(store, number):
    """Every second one has another question."""
    if number % 2:
        fs.run(Loudness(count=5), TRIAL, store=store)
        return "answered"
    return runs(store, number)


def ending(act, store, number):
    try:
        return act(store, number)
    except fs.StoreError:
        return "refused"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def at_once(act, store, count):
    """The endings of `count` processes, all let go together."""
    gate, told = os.pipe(), os.pipe()
    for number in range(count):
        if os.fork() == 0:
            os.close(gate[1])
            os.read(gate[0], 1)  # until the gate is shut behind all of them
            os.write(told[1], ending(act, store, number).replace("\n", " ").encode() + b"\n")
            os._exit(0)
    os.close(gate[0])
    os.close(gate[1])
    os.close(told[1])
    for _ in range(count):
        os.wait()
    with os.fdopen(told[0]) as lines:
        return sorted(lines.read().splitlines())


PLAIN = ask()

if __name__ == "__main__":
    folder, word, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for turn in range(rounds):
        endings = at_once(globals()[word], f"{folder}/{turn}", 4)
        sys.stdout.write("|".join(endings) + "\n")
