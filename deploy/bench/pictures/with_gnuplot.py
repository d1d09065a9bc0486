"""Pictures drawn with gnuplot: its look has hardly changed in thirty years and is all over reports and papers."""

from __future__ import annotations

import os
import subprocess

import numpy as np

from .registry import axis, bars, bins, lines, numbers, picture, points, walk


def plot(path, script, columns=(), size="640,480", font="DejaVu Sans,10", terminal="pngcairo"):
    """Runs a script of gnuplot; `columns` are its data block $d, one tuple for each row."""
    block = "$d << EOD\n" + "\n".join(" ".join(str(cell) for cell in row) for row in columns) + "\nEOD\n"
    head = f"set terminal {terminal} size {size} font '{font}'\nset output '{path}'\n"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    subprocess.run(["gnuplot"], input=head + block + script, text=True, check=True, env=environment, timeout=60)


@picture("gnuplot-line-default", "line", "gnuplot", "default", "several series", "legend inside")
def _(path, rng):
    x = list(range(0, 11))
    series = {"run 1": walk(rng, 11, 2, 0.5, 2, 0.5), "run 2": walk(rng, 11, 5, 0.6, 2, 0.2)}
    script = """set yrange [0:12]
set xlabel 'Load (N)'
set ylabel 'Strain (mm)'
plot $d using 1:2 with lines title 'run 1', $d using 1:3 with lines title 'run 2'
"""
    plot(path, script, zip(x, *series.values()))
    limits = axis(0, 12), axis(0, 10)
    return lines(x, series, *limits, "number", title="", x_label="Load (N)", y_label="Strain (mm)")


@picture("gnuplot-line-points", "line", "gnuplot", "linespoints, grid, key outside", "markers", "legend outside")
def _(path, rng):
    x = [100 * step for step in range(1, 9)]
    series = {name: numbers(rng, 8, 10, 95, 0) for name in ("ext4", "xfs", "btrfs")}
    script = """set yrange [0:100]
set xrange [0:900]
set grid
set key outside right top
set title 'Throughput by file size'
set xlabel 'File size (MB)'
set ylabel 'MB/s'
plot for [i=2:4] $d using 1:i with linespoints lw 2 pt i+3 title word('ext4 xfs btrfs', i-1)
"""
    plot(path, script, zip(x, *series.values()), "800,480", "Liberation Sans,11")
    limits, texts = (axis(0, 100), axis(0, 900)), {"x_label": "File size (MB)", "y_label": "MB/s"}
    return lines(x, series, *limits, "number", title="Throughput by file size", **texts)


@picture("gnuplot-line-log", "line", "gnuplot", "log axes", "log axis", "legend inside")
def _(path, rng):
    x = [2**step for step in range(4, 15)]
    series = {
        "naive": [round(v**2 * 2e-6 * float(rng.uniform(0.8, 1.3)), 6) for v in x],
        "fast": [round(v * np.log2(v) * 8e-6 * float(rng.uniform(0.8, 1.3)), 6) for v in x],
    }
    script = """set logscale xy
set xrange [10:100000]
set yrange [0.0001:1000]
set format y '10^{%L}'
set key left top
set xlabel 'n'
set ylabel 'seconds'
plot $d using 1:2 with linespoints pt 7 title 'naive', $d using 1:3 with linespoints pt 5 title 'fast'
"""
    plot(path, script, zip(x, *series.values()), "700,500")
    limits = axis(1e-4, 1e3, True), axis(10, 1e5, True)
    return lines(x, series, *limits, "number", title="", x_label="n", y_label="seconds")


@picture("gnuplot-bars", "bar", "gnuplot", "histogram style, pattern", "grouped", "legend inside")
def _(path, rng):
    names = ["gcc", "mcf", "lbm", "xz", "leela"]
    series = {name: numbers(rng, 5, 0.5, 1.9, 2) for name in ("base", "tuned")}
    script = """set style data histogram
set style histogram cluster gap 1
set style fill pattern 2 border -1
set boxwidth 0.9
set yrange [0:2.5]
set ylabel 'Normalised time'
plot $d using 2:xtic(1) title 'base', '' using 3 title 'tuned'
"""
    plot(path, script, zip(names, *series.values()), "600,400", "Liberation Serif,12")
    return bars(names, series, axis(0, 2.5), title="", x_label="", y_label="Normalised time")


@picture("gnuplot-bars-solid", "bar", "gnuplot", "boxes, solid", "rotated labels")
def _(path, rng):
    names = ["January", "February", "March", "April", "May", "June", "July", "August"]
    values = numbers(rng, 8, 20, 190, 0)
    script = """set style fill solid 0.6 border -1
set boxwidth 0.7
set yrange [0:200]
set xtics rotate by -45
set title 'Rainfall'
set ylabel 'mm'
unset key
plot $d using 0:2:xtic(1) with boxes lc rgb '#3366aa'
"""
    plot(path, script, zip(names, values), "640,440")
    return bars(names, {"": values}, axis(0, 200), title="Rainfall", x_label="", y_label="mm")


@picture("gnuplot-scatter", "scatter", "gnuplot", "crosses")
def _(path, rng):
    pairs = list(zip(numbers(rng, 40, 0.5, 19, 1), numbers(rng, 40, 4, 96, 0)))
    script = """set xrange [0:20]
set yrange [0:100]
set xlabel 'Distance (km)'
set ylabel 'Delay (ms)'
unset key
plot $d using 1:2 with points pt 2 ps 1.2
"""
    plot(path, script, pairs)
    return points({"": pairs}, axis(0, 20), axis(0, 100), title="", x_label="Distance (km)", y_label="Delay (ms)")


@picture("gnuplot-histogram", "histogram", "gnuplot", "boxes without gaps")
def _(path, rng):
    edges = np.arange(0, 21, 2)
    counts, _edges = np.histogram(np.clip(rng.gamma(4, 2, 180), 0, 19.9), edges)
    middles = edges[:-1] + 1
    script = """set style fill solid 0.4 border -1
set boxwidth 2
set xrange [0:20]
set yrange [0:60]
set xlabel 'Response time (s)'
set ylabel 'Requests'
plot $d using 1:2 with boxes notitle
"""
    plot(path, script, zip(middles, counts), "560,420")
    return bins(edges, counts, axis(0, 60), title="", x_label="Response time (s)", y_label="Requests")
