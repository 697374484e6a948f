"""Whatever happens to the bytes of a store, a run refuses it or answers what it would have answered."""

import random
import re
import shutil

import pytest
from doors import SOAK, digests
from stores_made import ask, same

import fourierscope as fs

TRIED = 1000 if SOAK else 60


def flipped(content, chance):
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def replaced(content, chance):
    place = chance.randrange(len(content))
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def zeroed(content, chance):
    place = chance.randrange(len(content))
    return content[:place] + bytes(len(content) - place)


DAMAGES = {
    "cut off": lambda content, chance: content[: chance.randrange(len(content))],
    "flipped": flipped,
    "replaced": replaced,
    "zeroed": zeroed,
    "longer": lambda content, chance: content + chance.randbytes(chance.choice([1, 100])),
    "doubled": lambda content, chance: content * 2,
    "random": lambda content, chance: chance.randbytes(len(content)),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A whole store, with a batch size that memory forced; it was asked in a precision that it has to remember."""
    store = tmp_path_factory.mktemp("whole") / "store"
    return store, ask(store, precision="fast")


def refusal(store, expected):
    """What a run refuses a store with; nothing where it answers, which must be as expected."""
    try:
        found = ask(store, precision="fast")
    except fs.StoreError as error:
        return str(error)
    assert same(found, expected)
    return ""


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_refused_or_answers_as_before_and_goes_on_without_the_file(tmp_path, whole, damage):
    chance, ends = random.Random(damage), {"refused": 0, "as before": 0}
    for _ in range(TRIED // len(DAMAGES)):
        store = tmp_path / "store"
        shutil.copytree(whole[0], store)
        hurt = store / chance.choice(["cell-000002.npz", "question.json", "batch.json"])
        hurt.write_bytes(DAMAGES[damage](hurt.read_bytes(), chance))
        for cell in chance.sample(sorted(store.glob("cell-*")), 2):
            if cell != hurt:
                cell.unlink()  # so that something is left to measure, with what the store remembers
        before, error = digests(store), refusal(store, whole[1])
        ends["refused" if error else "as before"] += 1
        if error:
            assert digests(store) == before
            if hurt.name == "question.json":
                assert "hoose another folder" in error
            else:
                assert re.search(f"{hurt} is damaged.*Delete this file", error)
                hurt.unlink()
                assert same(ask(store, precision="fast"), whole[1])
        shutil.rmtree(store)
    assert ends["refused"] > ends["as before"], ends
    print(f"{damage}: {ends}")  # noqa: T201


def test_the_batch_size_of_these_runs_shows_in_their_bits():
    assert len({ask(batch=one)["total"].values.tobytes() for one in (12, 22, 30, 32, 33)}) == 5


def test_one_changed_byte_of_the_batch_size_or_the_question_is_told(tmp_path, whole):
    for name, old, new in [("batch.json", b"32", b"22"), ("question.json", b'"kind": "fast"', b'"kind": "fasu"')]:
        store = tmp_path / name
        shutil.copytree(whole[0], store)
        (store / "cell-000003.npz").unlink()
        text = (store / name).read_bytes()
        assert text.count(old) == 1
        (store / name).write_bytes(text.replace(old, new))
        with pytest.raises(fs.StoreError, match=f"{name} is damaged"):
            ask(store, precision="fast")


def test_a_store_without_its_question_is_no_store(tmp_path, whole):
    store = tmp_path / "store"
    shutil.copytree(whole[0], store)
    (store / "question.json").unlink()
    before = digests(store)
    with pytest.raises(fs.StoreError, match="is no store"):
        ask(store, precision="fast")
    assert digests(store) == before
