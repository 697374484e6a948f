"""Values on the command line, as people write them: one where several may stand, commas, brackets, fractions."""

import pytest

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.cli.ask import parsed, parser_of
from fourierscope.cli.catalogue import analyses
from fourierscope.cli.opening import opener

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
        (["check", *TRIAL, "--limi", "3"], "--limi"),
    ],
)
def test_what_is_no_value_or_no_option_is_not_understood(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_commands_stand_in_one_column(capsys):
    main(["--help"])
    lines = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and "fourierscope" not in line
    ]
    told = {line.split()[0]: line for line in lines}
    starts = {len(line) - len(line[2:].partition(" ")[2].lstrip()) for line in told.values()}
    assert len(told) > 12
    assert len(starts) == 1
