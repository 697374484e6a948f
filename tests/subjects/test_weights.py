"""Weights are read without running what a file says, and every entry finds its place or is named."""

import argparse
import collections
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fourierscope.subjects.weights import load_weights, read_weights


class Marker:
    """What a hostile file holds: when it is unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def network(classes=4):
    torch.manual_seed(0)
    return nn.Sequential(
        collections.OrderedDict(conv=nn.Conv2d(3, 5, 3), norm=nn.BatchNorm2d(5), head=nn.Linear(5, classes))
    )


def same(state, other):
    return state.keys() == other.keys() and all(torch.equal(state[name], other[name]) for name in state)


@pytest.fixture
def state():
    return dict(network().state_dict())


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".th"])
@pytest.mark.parametrize("as_zip", [True, False])
def test_a_checkpoint_gives_back_its_state_dict(tmp_path, state, suffix, as_zip):
    torch.save(state, tmp_path / f"w{suffix}", _use_new_zipfile_serialization=as_zip)
    assert same(read_weights(str(tmp_path / f"w{suffix}")), state)


def test_safetensors_give_back_their_state_dict(tmp_path, state):
    save_file(state, tmp_path / "w.safetensors")
    assert same(read_weights(str(tmp_path / "w.safetensors")), state)


@pytest.mark.parametrize(
    "beside",
    [
        argparse.Namespace(lr=0.1),
        np.float64(3.5),
        np.random.default_rng(0).bit_generator.random_raw(3),
        np.arange(4, dtype=np.float32),
        pathlib.PurePosixPath("a/b"),
        pathlib.PosixPath("a/b"),
        collections.defaultdict(dict, {"a": {}}),
        {"state": {0: {"exp_avg": torch.zeros(2)}}},
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("under", ["state_dict", "model", "model_state_dict", "net", "ema"])
def test_a_checkpoint_may_hold_options_paths_and_numbers_beside_its_weights(tmp_path, state, under, beside):
    torch.save({under: state, "args": beside, "epoch": 3}, tmp_path / "w.pt")
    assert same(read_weights(str(tmp_path / "w.pt")), state)


def test_a_state_dict_may_lie_two_names_deep(tmp_path, state):
    torch.save({"model": {"state_dict": state}, "epoch": 1}, tmp_path / "w.pt")
    assert same(read_weights(str(tmp_path / "w.pt")), state)


def test_two_state_dicts_in_one_file_are_ambiguous(tmp_path, state):
    torch.save({"model": state, "ema": state}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="2 sets of weights, under model, ema"):
        read_weights(str(tmp_path / "w.pt"))


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("under", [None, "state_dict", "optimizer"])
def test_a_hostile_checkpoint_is_refused_by_name_and_runs_nothing(tmp_path, state, under, as_zip):
    held = Marker(tmp_path / "ran") if under is None else {"state_dict": state, under: Marker(tmp_path / "ran")}
    torch.save(held, tmp_path / "w.pt", _use_new_zipfile_serialization=as_zip)
    with pytest.raises(ValueError, match=r"names posix\.mkdir.*Nothing in it was run"):
        read_weights(str(tmp_path / "w.pt"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("name", ["w.pt", "w.pkl", "w.pickle", "w.safetensors", "w.ckpt"])
def test_a_plain_hostile_pickle_runs_nothing_under_any_name(tmp_path, name, protocol):
    (tmp_path / name).write_bytes(pickle.dumps(Marker(tmp_path / "ran"), protocol))
    with pytest.raises(ValueError, match=name):
        read_weights(str(tmp_path / name))
    assert not (tmp_path / "ran").exists()


def test_the_hostile_file_of_these_tests_would_run_if_it_were_unpickled(tmp_path):
    pickle.loads(pickle.dumps(Marker(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_a_constructor_of_the_allowed_types_is_no_way_in(tmp_path):
    class Sly:
        def __reduce__(self):
            return collections.defaultdict, (os.getcwd,)

    torch.save({"state_dict": {}, "args": Sly()}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"getcwd"):
        read_weights(str(tmp_path / "w.pt"))


def test_a_whole_pickled_network_is_refused_with_advice(tmp_path):
    torch.save(network(), tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"torch\.nn\.modules.*whole pickled network.*save_file"):
        read_weights(str(tmp_path / "w.pt"))


def test_a_torchscript_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("w/data.pkl", b"")
        archive.writestr("w/code/__torch__.py", "def forward(self): pass")
        archive.writestr("w/constants.pkl", b"")
    with pytest.raises(ValueError, match="TorchScript"):
        read_weights(str(tmp_path / "w.pt"))


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_web_page_under_the_name_of_weights_is_called_one(tmp_path, name):
    (tmp_path / name).write_text("\n<!DOCTYPE html><html><body>Sign in</body></html>")
    with pytest.raises(ValueError, match="web page"):
        read_weights(str(tmp_path / name))


def test_a_pointer_of_git_lfs_is_called_one(tmp_path):
    (tmp_path / "w.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    with pytest.raises(ValueError, match="git lfs pull"):
        read_weights(str(tmp_path / "w.safetensors"))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 7, 200, 0.9])
def test_a_file_that_was_cut_off_says_so(tmp_path, state, suffix, kept):
    path = tmp_path / f"w{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if isinstance(kept, float) else kept])
    with pytest.raises(ValueError, match="cut off"):
        read_weights(str(path))


def test_a_forged_header_of_safetensors_is_refused_without_memory(tmp_path):
    (tmp_path / "w.safetensors").write_bytes((10**12).to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="no readable safetensors"):
        read_weights(str(tmp_path / "w.safetensors"))
    header = json.dumps({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ValueError, match="no readable safetensors"):
        read_weights(str(tmp_path / "w.safetensors"))


def test_a_length_that_looks_like_a_tag_is_no_web_page(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode().ljust(0x3C20)
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert read_weights(str(tmp_path / "w.safetensors")).keys() == {"a"}


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_named(tmp_path, state, bad):
    state["head.bias"][1] = bad
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"NaN or infinite, in head\.bias"):
        read_weights(str(tmp_path / "w.safetensors"))


@pytest.mark.parametrize(("held", "says"), [([1, 2], "holds list"), ({"epoch": 3}, "holds epoch"), ({}, "nothing")])
def test_a_checkpoint_without_weights_says_what_it_holds(tmp_path, held, says):
    torch.save(held, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=says):
        read_weights(str(tmp_path / "w.pt"))


def test_a_missing_file_is_called_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file of weights"):
        read_weights(str(tmp_path / "w.pt"))


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "model.", "network.module."])
def test_prefixes_of_wrappers_are_stripped(state, prefix):
    fresh = network()
    nn.init.zeros_(fresh.conv.weight)
    load_weights(fresh, {prefix + name: values for name, values in state.items()})
    assert same(fresh.state_dict(), state)


def test_the_count_of_averaged_models_is_left_behind(state):
    averaged = torch.optim.swa_utils.AveragedModel(network())
    fresh = network()
    load_weights(fresh, averaged.state_dict())
    assert same(fresh.state_dict(), state)


def test_prefixes_that_the_network_has_itself_are_kept():
    wrapped = nn.ModuleDict({"model": network()})
    state = {name: values + 1 for name, values in wrapped.state_dict().items()}
    load_weights(wrapped, state)
    assert same(wrapped.state_dict(), state)


def test_only_counters_of_batches_may_be_missing(state):
    del state["norm.num_batches_tracked"]
    load_weights(network(), state)
    del state["norm.running_mean"]
    with pytest.raises(ValueError, match=r"missing: norm\.running_mean"):
        load_weights(network(), state)


def test_an_unexpected_entry_is_named_and_nothing_is_loaded(state):
    fresh = network()
    nn.init.zeros_(fresh.conv.weight)
    with pytest.raises(ValueError, match=r"unexpected: extra\.weight"):
        load_weights(fresh, state | {"extra.weight": torch.zeros(1)})
    assert not fresh.conv.weight.any()


def test_another_number_of_classes_is_recognised():
    with pytest.raises(ValueError, match=r"Only the last layer differs: pass classes=7"):
        load_weights(network(4), network(7).state_dict())


def test_another_architecture_is_not_taken_for_another_number_of_classes(state):
    state["conv.weight"] = torch.zeros(5, 3, 5, 5)
    with pytest.raises(ValueError, match=r"conv\.weight \(5, 3, 5, 5\) for \(5, 3, 3, 3\).*another architecture"):
        load_weights(network(), state)


@pytest.mark.parametrize(
    ("kind", "says"),
    [(torch.complex64, "complex for floating"), (torch.int8, "whole for floating"), (torch.bool, "whole for floating")],
)
def test_weights_of_another_kind_of_number_are_refused_and_change_nothing(state, kind, says):
    changed = network()
    before = {name: values.clone() for name, values in changed.state_dict().items()}
    with pytest.raises(ValueError, match=rf"another kind of number.*conv\.weight \({says}\)"):
        load_weights(changed, state | {"conv.weight": torch.ones(5, 3, 3, 3, dtype=kind)})
    assert same(changed.state_dict(), before)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_fit(state, kind):
    changed = network()
    load_weights(changed, state | {"conv.weight": torch.full((5, 3, 3, 3), 0.5, dtype=kind)})
    assert float(changed.conv.weight.detach().mean()) == 0.5


def test_counters_that_were_averaged_fit(state):
    load_weights(network(), state | {"norm.num_batches_tracked": torch.tensor(7.5)})


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        (torch.ones(2).to(torch.float8_e4m3fn), r"a \(float8_e4m3fn\)"),
        (torch.ones(2, device="meta"), "meta device"),
        (torch.ones(2).to_sparse(), r"a \(sparse\)"),
    ],
)
def test_entries_that_are_no_plain_numbers_are_refused(tmp_path, odd, says):
    torch.save({"a": odd}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=says):
        read_weights(str(tmp_path / "w.pt"))
    with pytest.raises(ValueError, match=says):
        load_weights(network(), {"a": odd})


@pytest.mark.filterwarnings("ignore")
def test_quantised_entries_are_refused():
    odd = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    with pytest.raises(ValueError, match=r"a \(quantised\)"):
        load_weights(network(), {"a": odd})


def test_safetensors_of_8_bits_are_refused(tmp_path):
    save_file({"a": torch.ones(2).to(torch.float8_e5m2)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"w\.safetensors holds entries.*a \(float8_e5m2\)"):
        read_weights(str(tmp_path / "w.safetensors"))
