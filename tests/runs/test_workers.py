"""Several processes give the same bits as one; their deaths are told."""

import os

import pytest
import torch
from torch import nn

import fourierscope as fs


def trial(network):
    images = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return fs.Trial(fs.Classifier(network, name="network"), fs.Samples(images, torch.arange(6) % 2))


def small():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 2)).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=generator))
    return network


def test_two_workers_give_the_same_bits_as_one(tmp_path):
    question, asked = fs.PassCurve(sizes=(1, 2, 4)), trial(small())
    one = fs.run(question, asked).save(tmp_path / "one.nc")
    two = fs.run(question, asked, workers=2, store=tmp_path / "store").save(tmp_path / "two.nc")
    assert one.read_bytes() == two.read_bytes()
    assert len(list((tmp_path / "store").glob("cell-*.npz"))) == 7


def test_workers_take_a_function_that_closes_over_its_constants():
    scale = torch.tensor([1.0, -1.0])
    asked = trial(lambda images: (images.mean((1, 2, 3))[:, None] - 0.5) * scale)
    question = fs.PassCurve(sizes=(1, 2))
    assert fs.run(question, asked, workers=2).dataset.identical(question(asked).dataset)


def test_a_worker_that_dies_is_told_and_finished_cells_are_kept(tmp_path):
    flag = tmp_path / "die"
    mother = os.getpid()

    def network(images):
        if flag.exists() and os.getpid() != mother and float(images.mean((1, 2, 3)).abs().max()) < 0.01:
            os._exit(3)  # only high-passed images have no mean
        return images.flatten(1)[:, :2]

    question, asked = fs.PassCurve(sizes=(1, 2)), trial(network)
    flag.touch()
    with pytest.raises(fs.CellsFailed, match=r"its process died 3 times.*run again"):
        fs.run(question, asked, workers=2, store=tmp_path / "store")
    flag.unlink()
    assert fs.run(question, asked, store=tmp_path / "store").dataset.identical(question(asked).dataset)


def test_an_error_in_a_worker_is_the_error_of_the_run():
    asked = trial(lambda images: images.flatten(1)[:, :2] / 0)
    with pytest.raises(ValueError, match="NaN or infinite"):
        fs.run(fs.PassCurve(sizes=(1, 2)), fs.Trial(asked.classifier, asked.samples), workers=2)
