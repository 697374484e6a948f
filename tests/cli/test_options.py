"""Values on the command line, as people write them: one where several may stand, commas, brackets, fractions."""

import pytest

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.cli.ask import parser_of
from fourierscope.cli.catalogue import analyses
from fourierscope.cli.opening import opener
from fourierscope.cli.parsing import parsed

TRIAL = ["--classifier", "reference:natural", "--samples", "patches:test"]


def read(command, *words):
    """What the parser of a question makes of words."""
    entry = next(one for one in analyses() if one.command == command)
    question = getattr(fs, entry.name)
    return parsed(parser_of(entry, question), [*TRIAL, *words], opener(question), question)


@pytest.mark.parametrize(
    ("command", "name", "text", "expected"),
    [
        ("robustness", "strengths", "0.03", (0.03,)),
        ("robustness", "strengths", "0,0.03", (0, 0.03)),
        ("robustness", "strengths", "4/255,8/255", (4 / 255, 8 / 255)),
        ("robustness", "strengths", "8/255", (8 / 255,)),
        ("robustness", "strengths", "1e-5", (1e-5,)),
        ("robustness", "strengths", "[]", ()),
        ("corruption-profile", "severities", "3", (3,)),
        ("corruption-profile", "severities", "[1, 3]", (1, 3)),
        ("band-noise", "bandwidths", "7", (7,)),
        ("band-noise", "bandwidths", "(3,7)", (3, 7)),
        ("band-noise", "norm", "8/255", 8 / 255),
        ("layer-heat-map", "layers", "output", ("output",)),
        ("layer-heat-map", "layers", "conv1,nope", ("conv1", "nope")),
        ("layer-heat-map", "layers", "3,7", ("3", "7")),
        ("layer-heat-map", "layers", "[3,7]", ("3", "7")),
        ("layer-heat-map", "layers", "3", ("3",)),
        ("layer-heat-map", "mean", "0.5", (0.5,)),
        ("layer-heat-map", "mean", "127.5/255,0.5,0.5", (0.5, 0.5, 0.5)),
        ("layer-heat-map", "crop", "5", 5),
        ("corruption-profile", "corruptions", "fog,snow", "fog,snow"),
        ("harmonic-distortion", "frequency", "-3,2", (-3, 2)),
        ("harmonic-distortion", "frequency", "[]", ()),
        ("harmonic-distortion", "second", "(1,-2)", (1, -2)),
    ],
)
def test_one_value_and_commas_and_brackets_and_fractions_are_read(command, name, text, expected):
    for words in ([f"--{name}", text], [f"--{name}={text}"]):
        found = read(command, *words)[name]
        assert found == expected
        assert isinstance(found, type(expected))
        if isinstance(expected, tuple):
            assert [type(one) for one in found] == [float if name == "strengths" else type(one) for one in expected]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["robustness", *TRIAL, "--strengths", "strong"], "--strengths takes numbers"),
        (["robustness", *TRIAL, "--strengths", "0.1,8/0"], "--strengths takes numbers"),
        (["corruption-profile", *TRIAL, "--severities", "a"], "--severities takes whole numbers"),
        (["corruption-profile", *TRIAL, "--severities", "1.5"], "1.5"),
        (["corruption-profile", *TRIAL, "--corruption", "fog"], "--corruption"),
        (["check", *TRIAL, "--limi", "3"], "There is no option --limi. Did you mean --limit?"),
        (["heat-map", *TRIAL, "--limit-seed", "3"], "Did you mean --limit_seed?"),
        (["mask", *TRIAL, "--over", "clas"], "--over is one of image, class, set; clas came. Did you mean class?"),
        (["mask", *TRIAL, "--start=on"], "--start is one of auto, ones, half, random; on came. Did you mean ones?"),
        (
            ["mask", *TRIAL, "--precision", "half"],
            "--precision is one of float32, bfloat16, float16, exact, fast, auto; half came.",
        ),
        (["mask", *TRIAL, "--steps", "some"], "--steps takes a whole number, such as 3; some came."),
        (["mask", *TRIAL, "--sparsity", "x"], "--sparsity takes a number, such as 0.1 or 8/255; x came."),
        (["mask", *TRIAL, "--path", "maybe"], "--path is true or false, or stands alone for true; maybe came."),
        (["mask", *TRIAL, "--steps", "--path"], "--steps takes a value, and none came."),
        (["mask", *TRIAL, "masks.nc"], "'masks.nc' has no place."),
        (["mask", "--steps", "3"], "--classifier and --samples must be given."),
        (["report"], "RESULTS must be given."),
        (["train", "--samples", "patches", "--limit", "few"], "--limit takes a whole number; few came."),
        (["train", "--samples", "patches", "--precision", "half"], "one of float32, bfloat16, auto; half came."),
    ],
)
def test_what_is_no_value_or_no_option_is_not_understood_in_one_line(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert said in told


def test_a_wrong_value_in_a_file_is_told_in_one_line(tmp_path, capsys):
    file = tmp_path / "question.yaml"
    file.write_text("norm: strong\n")
    with pytest.raises(SystemExit):
        main(["heat-map", "--config", str(file), *TRIAL])
    (told,) = capsys.readouterr().err.splitlines()
    assert "--norm takes a number; strong came." in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--path"], True),
        (["--path", "--steps", "3"], True),
        (["--path", "true"], True),
        (["--path=no"], False),
        ([], False),
    ],
)
def test_an_option_that_is_true_or_false_may_stand_alone(words, expected):
    assert read("mask", *words)["path"] is expected


def test_the_commands_stand_in_one_column(capsys):
    main(["--help"])
    lines = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and "fourierscope" not in line
    ]
    told = {line.split()[0]: line for line in lines}
    starts = {len(line) - len(line[2:].partition(" ")[2].lstrip()) for line in told.values()}
    assert len(told) > 12
    assert len(starts) == 1
