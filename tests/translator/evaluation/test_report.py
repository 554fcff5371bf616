import json
import math
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from translator.commands.report import report
from translator.errors import ConfigError, DataError
from translator.evaluation.report import Curve, draw_figure, read_history, write_report

pytestmark = pytest.mark.slow

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HOSTILE = "<script>alert('a & b')</script> $x$"


def training(step, **figures):
    usual = {
        "step": step, "epoch": 0, "loss": 4.5, "perplexity": 20.0, "target_tokens_per_second": 1234,
        "learning_rate": 0.001, "seconds": 60.0, "seconds_left": 3600.0,
    }  # fmt: skip
    return {**usual, **figures}


def validation(step, loss, bleu, name="news"):
    return {"step": step, f"{name} loss": loss, f"{name} BLEU": bleu}


@pytest.fixture
def run(tmp_path):
    """Make a run folder with a log of these records."""

    def make(*records, end=""):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (tmp_path / "log.jsonl").write_text(lines + end, encoding="utf-8")
        return tmp_path

    return make


class Page(HTMLParser):
    """Parses a page: its elements, its text, and the cells of its table rows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.rows = [], [], [], []
        self.is_in_cell = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.is_in_cell = tag in ("th", "td")
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        self.text.append(data)
        if self.is_in_cell:
            self.rows[-1].append(data)

    def handle_endtag(self, tag):
        self.is_in_cell = False


def page_of(folder):
    return Page(write_report(folder)[1].read_text(encoding="utf-8"))


def test_the_loss_drawn_for_the_training_has_no_label_smoothing(run):
    history = read_history(run(training(10, perplexity=math.e**3), training(20, perplexity=math.e**2)))
    curve = history.training_nll()
    assert curve.steps == [10, 20]
    assert curve.values == pytest.approx([3, 2])


def test_each_development_set_has_its_curves(run):
    folder = run(
        training(10),
        {**validation(10, 3.5, 7.0), **validation(10, 2.5, 9.0, "two words")},
        training(20),
        validation(20, 3.25, 8.0),
    )
    history = read_history(folder)
    assert history.dev_names == ["news", "two words"]
    assert history.dev_curve("news", "BLEU") == Curve([10, 20], [7.0, 8.0])
    assert history.dev_curve("two words", "loss") == Curve([10], [2.5])
    assert history.last_step == 20


@pytest.mark.parametrize(
    "end", ['{"step": 20, "epo', '{"epoch": 1}\n', '"step"\n', '{"step": "20"}\n', "\0\0\n"]
)
def test_unreadable_lines_are_counted_and_skipped(run, end):
    history = read_history(run(training(10), end=end))
    assert history.training == [training(10)]
    assert history.unreadable_lines == 1


def test_a_resumed_run_replaces_the_steps_it_logs_again(run):
    old = [training(10, loss=9.0), training(20, loss=8.0), validation(20, 5.0, 1.0), training(30, loss=7.0)]
    new = [training(10, loss=6.0), training(20, loss=5.0), validation(20, 4.0, 2.0)]
    history = read_history(run(*old, *new))
    assert history.training_curve("loss") == Curve([10, 20], [6.0, 5.0])
    assert history.dev_curve("news", "loss") == Curve([20], [4.0])


def test_the_last_training_record_may_come_after_the_validation_of_its_step(run):
    history = read_history(run(training(4), validation(6, 5.0, 1.0), training(6)))
    assert history.dev_curve("news", "loss") == Curve([6], [5.0])
    assert history.training_curve("loss").steps == [4, 6]


def test_the_best_value_comes_with_the_first_step_that_reached_it():
    curve = Curve([10, 20, 30, 40], [math.nan, 2.0, 5.0, 5.0])
    assert curve.best(max) == (30, 5.0)
    assert curve.best(min) == (20, 2.0)
    assert Curve([10], [math.nan]).best(max) is None


def test_the_four_panels_show_the_figures_of_the_log(run):
    folder = run(
        training(10, learning_rate=0.25, target_tokens_per_second=500, perplexity=math.e**4),
        validation(10, 3.5, 7.0),
        training(20, learning_rate=0.5, target_tokens_per_second=400, perplexity=math.e**3),
        validation(20, 3.75, 6.0),
    )
    figure = draw_figure(read_history(folder))
    drawn = [
        [(list(line.get_xdata()), pytest.approx(list(line.get_ydata()))) for line in panel.get_lines()]
        for panel in figure.axes
    ]
    loss, bleu, rate, speed = drawn
    assert ([10, 20], [4, 3]) in loss
    assert ([10, 20], [3.5, 3.75]) in loss
    assert ([10], [3.5]) in loss  # the circle around the best point
    assert ([10, 20], [7, 6]) in bleu
    assert ([10], [7]) in bleu
    assert rate == [([10, 20], [0.25, 0.5])]
    assert speed == [([10, 20], [500, 400])]
    assert all(panel.get_title("left") and panel.get_ylabel() for panel in figure.axes)
    assert figure.axes[-1].get_xlabel() == "step"


def test_the_legend_names_every_curve_and_overlaps_no_panel(run):
    names = [f"development set number {number}" for number in range(8)] + ["_news", "long-name-" * 10]
    folder = run(training(10), *(validation(10, 3.0, 5.0, name) for name in names[:1]),
                 {key: value for name in names for key, value in validation(20, 3.0, 5.0, name).items()})  # fmt: skip
    figure = draw_figure(read_history(folder))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    texts = [text.get_text().replace("\n", "") for text in legend.get_texts()]
    assert texts == ["training", *names, "best"]
    box = legend.get_window_extent()
    assert not any(box.overlaps(panel.get_tightbbox()) for panel in figure.axes)
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1


def test_the_page_shows_last_and_best_figures_and_the_settings(run):
    folder = run(
        training(100), validation(100, 3.5, 17.25),
        training(1200, perplexity=math.e**2, target_tokens_per_second=4321), validation(1200, 3.625, 16.5),
    )  # fmt: skip
    (folder / "config.json").write_text('{"model": {"d_model": 96}, "training": {"max_steps": null}}')
    page = page_of(folder)
    assert ["news", "16.50", "17.25", "100", "3.625", "3.500", "100"] in page.rows
    assert ["loss, without label smoothing (nats per target token)", "2.000"] in page.rows
    assert ["target tokens / s", "4,321"] in page.rows
    assert ["d_model", "96"] in page.rows
    assert ["max_steps", "not set"] in page.rows
    assert "Not finished when this report was made: 1,200 steps in 0:01:00, about 1:00:00 left." in page.text


def test_a_finished_run_names_its_model(run):
    folder = run(training(100, seconds_left=0.0))
    (folder / "model").mkdir()
    (folder / "model" / "card.json").write_text('{"name": "small & new"}')
    assert "Finished: 100 steps in 0:01:00. The model is called small & new." in page_of(folder).text


def test_the_page_runs_and_loads_nothing_and_shows_names_as_they_are(run):
    folder = run(training(10), validation(10, 3.5, 7.0, HOSTILE))
    (folder / "config.json").write_text(json.dumps({HOSTILE: {HOSTILE: HOSTILE}}))
    page = page_of(folder)
    assert not {"script", "link", "img", "iframe", "image"} & set(page.tags)
    references = [value for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in references)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.tags.count("svg") == 1
    assert [HOSTILE, "7.00", "7.00", "10", "3.500", "3.500", "10"] in page.rows
    assert page.text.count(HOSTILE) == 4  # in the legend, the table of sets, a setting's name and its value


def test_a_log_without_development_sets_and_with_infinite_loss_can_be_drawn(run):
    folder = run(training(10, loss=math.nan, perplexity=math.inf), end='{"step": 20, "ep')
    page = page_of(folder)
    assert "not measured yet" in page.text
    assert ["perplexity", "not finite"] in page.rows
    assert any("Unreadable lines of the log, left out: 1." in text for text in page.text)


def test_a_log_of_development_sets_alone_can_be_drawn(run):
    page = page_of(run(validation(10, 3.5, 7.0)))
    assert ["news", "7.00", "7.00", "10", "3.500", "3.500", "10"] in page.rows


def test_both_files_are_written_atomically_and_their_paths_are_printed(run, capsys):
    folder = run(training(10))
    for _ in range(2):  # the second report replaces the first
        report(folder)
        lines = capsys.readouterr().out.splitlines()
        assert lines == [f"wrote {folder / 'report.png'}", f"wrote {folder / 'report.html'}"]
        assert {path.name for path in folder.iterdir()} == {"log.jsonl", "report.png", "report.html"}
    assert (folder / "report.png").read_bytes().startswith(PNG_SIGNATURE)


def test_a_failed_write_leaves_no_temporary_files(run):
    folder = run(training(10))
    (folder / "report.png").mkdir()
    with pytest.raises(ConfigError, match=r"cannot write .*report\.png"):
        write_report(folder)
    assert {path.name for path in folder.iterdir()} == {"log.jsonl", "report.png"}


def test_a_folder_without_a_log_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"log\.jsonl.*give the folder of a training run"):
        write_report(tmp_path)


@pytest.mark.parametrize("text", ["", "\n", '{"step": 1'])
def test_a_log_without_records_is_an_error(run, text):
    with pytest.raises(DataError, match="holds no record yet"):
        write_report(run(end=text))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_damaged_settings_are_an_error(run, text):
    folder = run(training(10))
    (folder / "config.json").write_text(text)
    with pytest.raises(DataError, match=r"config\.json.*restore or remove it"):
        write_report(folder)


def test_without_matplotlib_the_error_names_the_remedy(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r"pip install -e '\.\[train\]'"):
        write_report(run(training(10)))


def test_matplotlib_is_not_loaded_before_it_draws():
    program = "import sys, translator.evaluation.report, translator.commands.report; print('matplotlib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"
