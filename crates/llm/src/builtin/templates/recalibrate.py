"""Read values again by corrected axes: values.csv and a redrawn chart.png.

The values keep their places on the picture; only what these places stand for changes.
Written by rules, not by a language model.
"""

import json

import matplotlib.pyplot as plt
import pandas as pd

with open("/box/in/overlay.json", encoding="utf-8") as file:
    overlay = json.load(file)
with open("/box/in/evidence.json", encoding="utf-8") as file:
    evidence = json.load(file)


def reader(axis):
    """The function from pixels to values of an axis; None where it has no numbers."""
    fit = axis.get("fit")
    if not fit:
        return None

    def read(pixel):
        value = fit["slope"] * pixel + fit["intercept"]
        return 10 ** value if axis["scale"] == "log" else value

    return read


def rounded(axis, value, pixel):
    """A value with no more digits than a tenth of a pixel is worth."""
    step = abs(reader(axis)(pixel + 0.1) - value)
    return float(f"{value:.6g}") if step == 0 else round(value, max(0, len(f"{1 / step:.0f}")))


axes = evidence["axes"]
x_of, y_of = reader(axes["x"]), reader(axes["y"])
kind = evidence["kind"]["name"]
rows = []
for value in overlay["values"]:
    if value["px"] is None:
        continue
    x, y = value["px"]
    # Along an axis without numbers a value keeps its name.
    along = rounded(axes["x"], x_of(x), x) if x_of else value["at"]
    if kind == "bar" and not y_of:
        rows.append({"series": value["series"], "at": value["at"], "value": along})
    elif y_of:
        at = value["at"] if kind == "bar" else along
        rows.append({"series": value["series"], "at": at, "value": rounded(axes["y"], y_of(y), y)})
if not rows:
    raise SystemExit("The earlier result has no values whose places on the picture are known.")

frame = pd.DataFrame(rows)
frame["series"] = frame["series"].fillna("").replace("", "value")
if kind == "scatter":
    frame.rename(columns={"at": "x", "value": "y"}).to_csv("/box/out/values.csv", index=False)
else:
    table = frame.pivot_table(index="at", columns="series", values="value", sort=False)
    table.to_csv("/box/out/values.csv")

figure, chart = plt.subplots(figsize=(8, 5))
for name, part in frame.groupby("series", sort=False):
    if kind == "scatter":
        chart.scatter(part["at"], part["value"], label=name)
    elif kind == "bar":
        chart.bar(part["at"].astype(str), part["value"], label=name)
    else:
        chart.plot(part["at"], part["value"], marker="o", label=name)
chart.set(title=evidence.get("title") or "", xlabel=axes["x"].get("label") or "", ylabel=axes["y"].get("label") or "")
for axis, scale in ((chart.xaxis, axes["x"]["scale"]), (chart.yaxis, axes["y"]["scale"])):
    if scale == "log":
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
if frame["series"].nunique() > 1:
    chart.legend()
figure.savefig("/box/out/chart.png", dpi=120)
print(f"Read {len(frame)} values again by the corrected axes; from {frame['value'].min():g} to {frame['value'].max():g}.")
