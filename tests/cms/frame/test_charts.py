"""The positions of bars, lines and labels."""

import pytest

from cms.frame.charts import GAP, PLOT, TOP, Series, lines, scale_of, stacked


@pytest.mark.parametrize(
    ("largest", "scale"),
    [
        (0, [0, 1]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (4, [0, 1, 2, 3, 4]),
        (7, [0, 2, 4, 6, 8]),
        (43, [0, 10, 20, 30, 40, 50]),
        (11.7, [0, 2.5, 5, 7.5, 10, 12.5]),
        (160_000, [0, 50_000, 100_000, 150_000, 200_000]),
    ],
)
def test_a_scale_has_round_steps_up_to_a_large_enough_number(largest, scale):
    assert scale_of(largest) == pytest.approx(scale)


@pytest.mark.parametrize(
    ("largest", "scale"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (2, [0, 1, 2]),
        (12, [0, 5, 10, 15]),
        (43, [0, 10, 20, 30, 40, 50]),
        (120, [0, 25, 50, 75, 100, 125]),
    ],
)
def test_a_scale_of_counts_has_whole_numbers(largest, scale):
    assert scale_of(largest, is_count=True) == pytest.approx(scale)


def test_bars_are_stacked_and_fill_the_scale():
    chart = stacked([Series("a", [3, 0]), Series("b", [1, 4])], ["x", "y"], ["X", "Y"], str)
    first, second = chart.columns
    assert [(bar.kind, bar.y, bar.height) for bar in first.bars] == [
        ("a", TOP + PLOT / 4, PLOT * 3 / 4),
        ("b", TOP, PLOT / 4 - GAP),
    ]
    assert [bar.kind for bar in second.bars] == ["b"]
    assert (first.left, second.left, chart.slot) == (0, 50, 50)


def test_a_line_has_gaps_for_missing_values_and_dots_for_single_ones():
    chart = lines([Series("a", [1, 2, None, 4, None])], list("vwxyz"), list("vwxyz"), str)
    drawn = [(line.x1, line.x2) for line in chart.lines]
    assert drawn == [(10, 30), (70, 70)]
    assert [line.is_dot for line in chart.lines] == [False, True]


@pytest.mark.parametrize("count", [7, 24, 30, 90])
def test_the_newest_slot_is_labelled_and_labels_do_not_overlap(count):
    texts = [str(place) for place in range(count)]
    labels = stacked([Series("a", [1] * count)], texts, texts, str).labels
    assert (labels[-1].text, labels[-1].is_minor) == (texts[-1], False)
    assert len(labels) <= 12
    assert len([label for label in labels if not label.is_minor]) <= 7


@pytest.mark.parametrize("count", [24, 30, 90])
def test_the_outer_labels_of_many_end_at_the_edge(count):
    texts = [str(place) for place in range(count)]
    labels = stacked([Series("a", [1] * count)], texts, texts, str).labels
    assert (labels[-1].x, labels[-1].anchor) == (100, "end")
    assert {label.anchor for label in labels[1:-1]} == {"middle"}


def test_hours_are_labelled_from_midnight_on():
    hours = [f"{hour:02}" for hour in range(24)]
    labels = stacked([Series("a", [1] * 24)], hours, hours, str, every=3).labels
    assert [label.text for label in labels if not label.is_minor] == ["00", "06", "12", "18"]


def test_a_thin_part_of_a_bar_can_still_be_seen():
    chart = stacked([Series("a", [10_000]), Series("b", [1])], ["x"], ["X"], str)
    assert chart.columns[0].bars[1].height >= 1


def test_an_empty_chart_is_drawn_too():
    assert stacked([Series("a", [0, 0])], ["x", "y"], ["X", "Y"], str).columns[0].bars == []
    assert lines([Series("a", [None, None])], ["x", "y"], ["X", "Y"], str).lines == []


def test_only_the_last_column_can_be_under_way():
    counts = [Series("a", [3, 1])]
    drawn = stacked(counts, ["x", "y"], ["X", "Y"], str, is_so_far=True)
    assert [column.is_so_far for column in drawn.columns] == [False, True]
    assert not any(column.is_so_far for column in stacked(counts, ["x", "y"], ["X", "Y"], str).columns)
