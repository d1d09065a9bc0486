"""Tests of the scores: a score that is wrong would lead the work astray. Standard library alone; a second at most."""

from __future__ import annotations

import json
import unittest

from report import summarise, write_table
from scoring import reading
from scoring.measure import align, anywhere, at, edits, error, pair_names, percentile
from scoring.picture import score
from scoring.sure import Sure

LINEAR = {"min": 0.0, "max": 100.0, "log": False}
DONE = {
    "state": "succeeded",
    "run": {"status": "ok"},
    "image_kind": "bar",
    "seconds": 2.0,
    "summary": "",
    "usage": {"prompt_tokens": 3, "completion_tokens": 4},
}


def job(kind, summary=""):
    """The report of a job that went well."""
    return {**DONE, "image_kind": kind, "summary": summary}


class Reading(unittest.TestCase):
    """Protects that the shape a writer chose for a file does not change the score."""

    def test_long_and_wide_tables_say_the_same(self):
        wide = reading.labelled("category,a,b\nx,1,2\ny,3,\n")
        long = reading.labelled("series,x,y\na,x,1\nb,x,2\na,y,3\n")
        self.assertEqual(sorted(wide), sorted(long))

    def test_a_table_of_two_columns_is_one_series(self):
        self.assertEqual(reading.labelled("x,value\n1,2\n"), [("1", "", 2.0)])
        self.assertEqual(reading.labelled("Threads,Ours\n1,2\n"), [("1", "Ours", 2.0)])

    def test_numbers_and_days(self):
        self.assertEqual(
            [reading.number(t) for t in ("1,234.5", "12 %", "\u22123", "n/a", "nan")], [1234.5, 12.0, -3.0, None, None]
        )
        self.assertEqual(reading.day("2023-01-01"), reading.day("Jan 2023"))
        self.assertIsNone(reading.day("soon"))

    def test_shares_add_up_to_hundred(self):
        self.assertEqual(reading.shares("label,value\na,1\nb,3\n"), [("a", 25.0), ("b", 75.0)])


class Measuring(unittest.TestCase):
    """Protects the distances themselves."""

    def test_errors_are_parts_of_the_axis_or_of_its_decades(self):
        self.assertEqual(error(52, 50, LINEAR), 2)
        self.assertAlmostEqual(error(100, 10, {"min": 1, "max": 1e4, "log": True}), 25)
        self.assertEqual(error(0, 10, {"min": 1, "max": 1e4, "log": True}), 100)

    def test_a_misread_letter_does_not_lose_the_value_but_another_number_does(self):
        self.assertEqual(pair_names(["Thursday", "2020"], ["Thursdav", "2021"]), {0: 0})
        self.assertEqual(pair_names(["2020", "2021"], ["2021.0", "2020.0"]), {0: 1, 1: 0})
        self.assertEqual(pair_names([""], ["anything"]), {0: 0})

    def test_each_name_is_paired_once(self):
        self.assertEqual(pair_names(["aaaa", "aaab"], ["aaab"]), {1: 0})

    def test_lines_are_read_between_their_points_and_not_beyond(self):
        self.assertEqual(at(5, [0, 10], [0, 20], 1), 10)
        self.assertEqual(at(10.5, [0, 10], [0, 20], 1), 20)
        self.assertIsNone(at(12, [0, 10], [0, 20], 1))
        self.assertIsNone(at(1, [], [], 1))

    def test_values_are_found_whatever_they_are_called(self):
        self.assertEqual(anywhere([10, 11, 50], [10.5, 90, 51], LINEAR, 2), 2)
        self.assertEqual(anywhere([1], [], LINEAR, 2), 0)

    def test_edits_and_ranks_and_alignment(self):
        self.assertEqual(edits("kitten", "sitting"), 3)
        self.assertEqual(percentile([5.0, 1.0, 3.0], 0.5), 3.0)
        self.assertIsNone(percentile([], 0.5))
        self.assertEqual(align(3, 2, lambda i, j: float("abc"[i] == "ac"[j])), [(0, 0), (2, 1)])


class Pictures(unittest.TestCase):
    """Protects the score of each kind: what is missing, invented or off is counted as such."""

    bars = {
        "kind": "bar",
        "categories": ["A1", "B2", "C3"],
        "series": [{"name": "", "values": [10, 50, 90]}],
        "value_axis": LINEAR,
    }

    def test_bars(self):
        scored = score(self.bars, job("bar"), {"values.csv": "category,value\nA1,11\nB2,60\nZ9,5\n"})
        self.assertEqual((scored["errors"], scored["missing"], scored["invented"]), ([1, 10], 1, 1))
        self.assertEqual(
            (scored["shown"], scored["shown_off"], scored["kind_right"], scored["tokens"]), (3, 2, True, 7)
        )

    def test_what_failed_and_what_is_lost_miss_everything(self):
        for report in (None, {**DONE, "state": "failed"}):
            scored = score(self.bars, report, {"values.csv": "category,value\nA1,10\n"} if report else {})
            self.assertEqual((scored["executed"], scored["missing"], scored["shown"]), (False, 3, 0))

    def test_code_that_ran_and_found_nothing_delivered_no_data(self):
        scored = score(self.bars, job("bar"), {"description.json": "{}"})
        self.assertEqual((scored["executed"], scored["delivered"]), (True, False))
        self.assertTrue(score(self.bars, job("bar"), {"values.csv": "category,value\nA1,1\n"})["delivered"])

    def test_names_that_are_lost_are_told_from_values_that_are_wrong(self):
        scored = score(self.bars, job("bar"), {"values.csv": "category,value\nbar 1,10\nbar 2,50\nbar 3,60\n"})
        self.assertEqual((scored["missing"], scored["anywhere"], scored["shown_off_silent"]), (3, 2, 3))

    def test_a_doubt_about_the_picture_is_not_silence(self):
        doubt = "Read 1 bar. What was uncertain in reading the picture: much."
        scored = score(self.bars, job("bar", doubt), {"values.csv": "category,value\nA1,90\n"})
        self.assertEqual((scored["shown_off"], scored["shown_off_silent"]), (1, 0))

    def test_a_swapped_series_is_off(self):
        truth = {
            **self.bars,
            "categories": ["A1"],
            "series": [{"name": "old", "values": [10]}, {"name": "new", "values": [90]}],
        }
        self.assertEqual(score(truth, job("bar"), {"values.csv": "category,new,old\nA1,10,90\n"})["errors"], [80, 80])

    def test_histograms_are_a_kind_of_bars_and_go_by_bins(self):
        truth = {"kind": "histogram", "edges": [0, 5, 10, 15], "counts": [20, 40, 0], "value_axis": LINEAR}
        for labels in (("2.5", "7.5"), ("0-5", "5-10"), ("0", "5 (bar 2)")):
            text = f"category,value\n{labels[0]},20\n{labels[1]},41\n"
            scored = score(truth, job("bar"), {"values.csv": text})
            self.assertEqual((scored["errors"], scored["missing"], scored["kind_right"]), ([0, 1], 0, True))

    def test_lines_are_complete_only_where_they_were_read(self):
        truth = {
            "kind": "line",
            "x": [0, 10, 20],
            "x_kind": "number",
            "x_axis": LINEAR,
            "value_axis": LINEAR,
            "series": [{"name": "s", "values": [0, 10, 20]}],
        }
        scored = score(truth, job("line"), {"values.csv": "x,s\n0,0\n5,5\n10,12\n"})
        self.assertEqual((scored["errors"], scored["missing"], scored["shown"], scored["shown_off"]), ([0, 2], 1, 3, 0))

    def test_lines_over_days(self):
        truth = {
            "kind": "line",
            "x": ["2023-01-01", "2023-02-01"],
            "x_kind": "date",
            "x_axis": None,
            "value_axis": LINEAR,
            "series": [{"name": "", "values": [1, 2]}],
        }
        self.assertEqual(
            score(truth, job("line"), {"values.csv": "x,line\nJan 2023,1\nFeb 2023,2\n"})["errors"], [0, 0]
        )
        self.assertEqual(score(truth, job("line"), {"values.csv": "x,line\n3.1,1\n4.2,2\n"})["missing"], 2)

    def test_points_are_found_once_and_within_two_percent(self):
        truth = {
            "kind": "scatter",
            "x_axis": LINEAR,
            "value_axis": LINEAR,
            "series": [{"name": "a", "points": [[10, 10], [50, 50]]}, {"name": "b", "points": [[90, 90]]}],
        }
        text = "series,x,y\na,11,9\na,11,9\nb,53,50\na,90,90\n"
        scored = score(truth, job("scatter"), {"points.csv": text})
        figures = [scored[name] for name in ("points_read", "points_found", "points_in_series", "shown_off")]
        self.assertEqual(figures, [4, 2, 1, 0])

    def test_shares(self):
        truth = {"kind": "pie", "slices": [{"label": "yes", "share": 75.0}, {"label": "no", "share": 25.0}]}
        scored = score(truth, job("pie"), {"shares.csv": "label,share_percent,printed_percent\nyes,74,\nwedge 2,26,\n"})
        self.assertEqual((scored["errors"], scored["missing"], scored["invented"]), ([1], 1, 1))

    def test_a_missing_row_or_an_empty_column_costs_no_other_cell(self):
        truth = {"kind": "table", "cells": [["n", "v"], ["a", "1"], ["b", "2"], ["c", "\u22123"]]}
        scored = score(truth, job("table"), {"table.csv": "n,,v\na,,1\nc,, -3\n"})
        self.assertEqual((scored["cells"], scored["cells_right"], scored["cells_shown_wrong"]), (8, 6, 0))
        self.assertEqual(score(truth, job("table"), {"table.csv": "n,v\na,1\nb,Z\nc,-3\n"})["cells_shown_wrong"], 1)
        self.assertEqual(score(truth, job("table"), {})["cells_right"], 0)

    def test_counts_come_from_the_file_or_from_what_was_said(self):
        truth = {"kind": "count", "count": 4, "objects": "coins"}
        self.assertEqual(score(truth, job("photo"), {"objects.csv": "n,x\n1,2\n2,3\n"})["count_error"], 50)
        self.assertEqual(score(truth, job("photo", "Counted 4 objects."), {})["count_error"], 0)
        self.assertIsNone(score(truth, job("photo", "It is 900 pixels wide."), {})["count_error"])

    def test_letters(self):
        scored = score({"kind": "text", "text": "one two\nthree"}, job("text"), {"page.txt": "one\ntwo threo"})
        self.assertEqual((scored["letters"], scored["letters_wrong"]), (13, 1))


def proof(*values):
    """The text of an overlay.json with (series, at, value, trusted) of each value."""
    names = ("series", "at", "value", "trusted")
    return json.dumps({"version": 1, "values": [dict(zip(names, value, strict=True)) for value in values]})


class Proof(unittest.TestCase):
    """Protects the honesty figure: only what the program's proof trusts counts as shown for sure."""

    bars = {**Pictures.bars, "series": [{"name": "", "values": [10, 50, 90]}]}
    table = "category,value\nA1,10\nB2,70\nC3,90\n"

    def figures(self, text, **files):
        """(shown as sure, of these off, delivered, of these off)."""
        scored = score(self.bars, job("bar"), {"values.csv": text, **files})
        return [scored[name] for name in ("shown", "shown_off", "delivered_values", "delivered_off")]

    def test_only_trusted_values_are_shown_as_sure(self):
        wrong = ("value", "B2", 70, False)
        right = [("value", "A1", 10, True), ("value", "C3", 90.0, True)]
        for name, values, expected in (
            ("no proof", None, [3, 1, 3, 1]),
            ("the wrong one is doubtful", [*right, wrong], [2, 0, 3, 1]),
            ("the wrong one is trusted", [*right, (*wrong[:3], True)], [3, 1, 3, 1]),
            ("what is not proved is not sure", right, [2, 0, 3, 1]),
            ("another value at the place proves nothing", [*right, ("value", "B2", 50, True)], [2, 0, 3, 1]),
            ("the series goes by another name", [("s", *v[1:]) for v in [*right, wrong]], [2, 0, 3, 1]),
        ):
            with self.subTest(name):
                files = {} if values is None else {"overlay.json": proof(*values)}
                self.assertEqual(self.figures(self.table, **files), expected)

    def test_a_date_is_the_same_in_another_form(self):
        sure = Sure({"overlay.json": proof(("s", "2023-01-01", 5, True), ("s", "2023-02-01", 6, False))})
        self.assertEqual([sure.has("s", at, v) for at, v in (("Jan 2023", 5), ("Feb 2023", 6))], [True, False])

    def test_a_broken_proof_is_none(self):
        for text in ("", "[]", "{}", '{"values": [{"at": 1}]}'):
            self.assertEqual(self.figures(self.table, **{"image_1_overlay.json": text}), [3, 1, 3, 1], text)

    def test_points_and_shares_and_lines_ask_the_proof(self):
        scatter = {"kind": "scatter", "x_axis": LINEAR, "value_axis": LINEAR,
                   "series": [{"name": "a", "points": [[10, 10], [50, 50]]}]}
        files = {"points.csv": "x,y\n10,10\n90,20\n",
                 "overlay.json": proof(("series 1", "10", 10, True), ("series 1", "90", 20, False))}
        scored = score(scatter, job("scatter"), files)
        self.assertEqual((scored["shown"], scored["shown_off"], scored["delivered_off"]), (1, 0, 1))
        pie = {"kind": "pie", "slices": [{"label": "yes", "share": 75.0}, {"label": "no", "share": 25.0}]}
        files = {"shares.csv": "label,share_percent\nyes,60\nno,40\n",
                 "overlay.json": proof(("share", "yes", 60.0, False), ("share", "no", 40.0, True))}
        scored = score(pie, job("pie"), files)
        self.assertEqual((scored["shown"], scored["shown_off"], scored["delivered_off"]), (1, 1, 2))
        line = {"kind": "line", "x": [0, 10], "x_kind": "number", "x_axis": LINEAR, "value_axis": LINEAR,
                "series": [{"name": "s", "values": [0, 10]}]}
        files = {"values.csv": "x,s\n0,0\n10,40\n", "overlay.json": proof(("s", "0", 0, True), ("s", "10", 40, False))}
        scored = score(line, job("line"), files)
        self.assertEqual((scored["shown"], scored["shown_off"], scored["delivered_off"]), (1, 0, 1))


class Sums(unittest.TestCase):
    """Protects that values missing count against a group, and that aims are read from the right place."""

    def test_groups_and_aims(self):
        tags = {"library": "matplotlib", "damage": None}
        scored = score(Pictures.bars, job("bar"), {"values.csv": "category,value\nA1,11\nB2,60\n"})
        summary = summarise([{"name": "one", "kind": "bar", "tags": tags, **scored}])
        bars = summary["groups"]["clean bar"]
        self.assertEqual((bars["right"], bars["missing"], bars["median"], bars["p50_seconds"]), (33.3, 33.3, 5.5, 2.0))
        aims = {aim["aim"]: aim["reached"] for aim in summary["aims"]}
        self.assertTrue(aims["execution rate"])
        self.assertFalse(aims["median error of clean bars"])
        for shown, shown_off, delivered, delivered_off, expected in ((6, 1, 12, 2, 50.0), (10, 0, 10, 0, 100.0), (0, 0, 4, 4, None)):
            one = {"shown": shown, "shown_off": shown_off, "delivered_values": delivered, "delivered_off": delivered_off}
            summary = summarise([{"name": "one", "kind": "bar", "tags": tags, **scored, **one}])
            self.assertEqual(summary["groups"]["all"]["right_sure"], expected, "of the right ones, not of all")
        self.assertIn("| cells of clean tables | ≥ 97 % | – | not measured |", write_table(summary))
        self.assertIn("| clean bar | 1 | 100 % | 100 % |", write_table(summary))


if __name__ == "__main__":
    unittest.main()
