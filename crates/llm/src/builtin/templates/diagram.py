"""Draw a diagram again with straight lines: diagram.svg, diagram.png, and its structure in diagram.json.

Boxes, lines and words come from what was seen; nearly level things are made level. Words that were
hard to read are marked in the drawing and listed.
"""

import html
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse, Polygon

INK, DOUBT = "#222222", "#d55e00"


def aligned(places, reach):
    """Places that nearly agree, made to agree: each becomes the mean of its group."""
    places = np.array(places, float)
    order = places.argsort()
    groups = np.split(order, np.flatnonzero(np.diff(places[order]) > reach) + 1)
    for group in groups:
        places[group] = places[group].mean()
    return places


def straight_boxes(nodes):
    """The nodes with centres and sizes made even where they nearly are."""
    boxes = np.array([node["box"] for node in nodes], float)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    low = max(4.0, 0.22 * np.median(boxes[:, 3]))
    for side in (0, 1):
        middles[:, side] = aligned(middles[:, side], low)
        boxes[:, 2 + side] = aligned(boxes[:, 2 + side], 0.5 * low)
    return {node["id"]: (x, y, w, h, node["shape"])
            for node, (x, y), (w, h) in zip(nodes, middles, boxes[:, 2:])}


def border(box, toward):
    """Where the way from a box's middle toward a place leaves the box."""
    x, y, width, height, shape = box
    across, down = toward[0] - x, toward[1] - y
    if not across and not down:
        return x, y
    u, v = abs(across) / (width / 2), abs(down) / (height / 2)
    share = {"ellipse": np.hypot(u, v), "diamond": u + v}.get(shape, max(u, v))
    return x + across / share, y + down / share


def route(edge, boxes):
    """The corners of a line from border to border; straight, or upright and level with its bends."""
    one, two = boxes[edge["from"]], boxes[edge["to"]]
    bends = [tuple(point) for point in edge["path"][1:-1]]
    if not bends:
        for side in (0, 1):  # two boxes one above or beside the other get an upright or level line
            near = abs(edge["path"][0][side] - edge["path"][-1][side]) < 3
            half = min(one[2 + side], two[2 + side]) / 2
            at = (edge["path"][0][side] + edge["path"][-1][side]) / 2
            at = (one[side] + two[side]) / 2 if abs(one[side] - two[side]) < 0.3 * half else at
            if near and abs(at - one[side]) < half and abs(at - two[side]) < half:
                first, last = list(border(one, two)), list(border(two, one))
                first[side] = last[side] = at
                other = 1 - side
                way = np.sign(two[other] - one[other])
                if one[4] not in ("ellipse", "diamond"):
                    first[other] = one[other] + way * one[2 + other] / 2
                if two[4] not in ("ellipse", "diamond"):
                    last[other] = two[other] - way * two[2 + other] / 2
                return [tuple(first), tuple(last)]
        return [border(one, two), border(two, one)]
    bends = [list(bend) for bend in bends]
    for bend, box in ((bends[0], one), (bends[-1], two)):
        for side in (0, 1):  # a line that leaves a box near its middle leaves it there
            if abs(bend[side] - box[side]) < 0.15 * box[2 + side]:
                bend[side] = box[side]
    return [border(one, bends[0]), *map(tuple, bends), border(two, bends[-1])]


def said(words):
    """The lines of text of some words, as (text, whether any word is uncertain)."""
    lines = {}
    for word in words:
        lines.setdefault(word["line"], []).append(word)
    return [(" ".join(word["text"] for word in line), any(word["uncertain"] for word in line))
            for line in lines.values()]


def head(tip, before, size):
    """The three corners of an arrow's head."""
    along = np.subtract(tip, before)
    along = along / (np.linalg.norm(along) or 1.0)
    side = np.array([-along[1], along[0]])
    back = np.array(tip) - size * along
    return [tuple(tip), tuple(back + 0.45 * size * side), tuple(back - 0.45 * size * side)]


def parts(diagram):
    """Everything to draw, in order: ("box" | "line" | "head" | "text", ...)."""
    boxes = straight_boxes(diagram["nodes"])
    size = float(np.clip(0.24 * np.median([box[3] for box in boxes.values()]), 9, 20))
    drawn = [("line", [tuple(point) for point in path], None) for path in diagram["loose"]]
    for edge in diagram["edges"]:
        way = route(edge, boxes)
        drawn.append(("line", way, edge["doubt"]))
        drawn += [("head", head(way[-1], way[-2], size), edge["doubt"])] if edge["arrow_end"] else []
        drawn += [("head", head(way[0], way[1], size), edge["doubt"])] if edge["arrow_start"] else []
        one, two = way[(len(way) - 1) // 2], way[(len(way) - 1) // 2 + 1]
        at, is_upright = np.mean([one, two], axis=0), abs(one[1] - two[1]) > abs(one[0] - two[0])
        for line in said(edge["words"]):
            aside = (0.5 + 0.3 * len(line[0])) * size if is_upright else 0
            drawn.append(("text", (at[0] + aside, at[1] - (0 if is_upright else 0.8 * size)), *line, 0.85 * size))
    for node in diagram["nodes"]:
        x, y, width, height, shape = boxes[node["id"]]
        drawn.append(("box", (x, y, width, height), shape, node["rgb"]))
        lines = said(node["words"])
        for place, (text, unsure) in enumerate(lines):
            tall = min(0.8 * height / len(lines), size * 1.1, 1.7 * width / max(4, len(text)))
            down = (place - (len(lines) - 1) / 2) * 1.25 * tall
            drawn.append(("text", (x, y + down), text, unsure, tall))
    return drawn


def outline(x, y, width, height, shape):
    """The corners of a box or diamond."""
    if shape == "diamond":
        return [(x - width / 2, y), (x, y - height / 2), (x + width / 2, y), (x, y + height / 2)]
    return [(x + a * width / 2, y + b * height / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def light_on(rgb):
    """The ink that is read on a ground."""
    return INK if np.dot(rgb, (0.299, 0.587, 0.114)) > 110 else "#ffffff"


def as_svg(drawn, width, height, title):
    """The drawing as SVG."""
    def points(corners):
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)

    ink, lines = INK, [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                       f'width="{width}" height="{height}" font-family="sans-serif">',
                       f"<title>{html.escape(title or 'Diagram')}</title>",
                       f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for kind, where, *more in drawn:
        if kind == "line":
            dash = ' stroke-dasharray="6 4"' if more[0] else ""
            lines.append(f'<polyline points="{points(where)}" fill="none" stroke="{DOUBT if more[0] else INK}" '
                         f'stroke-width="2"{dash}/>')
        elif kind == "head":
            lines.append(f'<polygon points="{points(where)}" fill="{DOUBT if more[0] else INK}"/>')
        elif kind == "box":
            ground = "#{:02x}{:02x}{:02x}".format(*more[1])
            ink, look = light_on(more[1]), f'fill="{ground}" stroke="{INK}" stroke-width="2"'
            x, y, w, h = where
            lines.append(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{w / 2:.1f}" ry="{h / 2:.1f}" {look}/>'
                         if more[0] == "ellipse" else f'<polygon points="{points(outline(*where, more[0]))}" {look}/>')
        else:
            text, unsure, tall = more
            mark = f' fill="{DOUBT}" text-decoration="underline"' if unsure else f' fill="{ink}"'
            lines.append(f'<text x="{where[0]:.1f}" y="{where[1]:.1f}" font-size="{tall:.1f}" text-anchor="middle" '
                         f'dominant-baseline="central"{mark}>{html.escape(text)}{" (?)" if unsure else ""}</text>')
    return "\n".join([*lines, "</svg>", ""])


def as_png(path, drawn, width, height):
    """The drawing as a picture, twice as large as the original."""
    figure = plt.figure(figsize=(width / 100, height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    ink = INK
    for kind, where, *more in drawn:
        colour = DOUBT if kind in ("line", "head") and more[0] else INK
        if kind == "line":
            axes.plot(*zip(*where), color=colour, linewidth=1.5, linestyle="--" if more[0] else "-", zorder=1)
        elif kind == "head":
            axes.add_patch(Polygon(where, color=colour, zorder=1))
        elif kind == "box":
            ground = np.array(more[1]) / 255
            ink, look = light_on(more[1]), {"facecolor": ground, "edgecolor": INK, "linewidth": 1.5, "zorder": 2}
            axes.add_patch(Ellipse(where[:2], *where[2:], **look) if more[0] == "ellipse"
                           else Polygon(outline(*where, more[0]), **look))
        else:
            text, unsure, tall = more
            axes.text(*where, text.replace("$", r"\$") + (" (?)" if unsure else ""), ha="center", va="center",
                      fontsize=0.72 * tall, color=DOUBT if unsure else ink, zorder=3)
    figure.savefig(path, dpi=200)
    plt.close(figure)


def structure(diagram):
    """Nodes and edges as a graph, and the words that are uncertain."""
    nodes = [{"id": node["id"], "text": " ".join(word["text"] for word in node["words"]), "shape": node["shape"],
              "box": node["box"], "uncertain": [word["text"] for word in node["words"] if word["uncertain"]]}
             for node in diagram["nodes"]]
    edges = [{"from": edge["from"], "to": edge["to"], "directed": edge["arrow_end"] or edge["arrow_start"],
              "both_ways": edge["arrow_end"] and edge["arrow_start"], "path": edge["path"],
              "text": " ".join(word["text"] for word in edge["words"]),
              "uncertain": [word["text"] for word in edge["words"] if word["uncertain"]], "doubt": edge["doubt"]}
             for edge in diagram["edges"]]
    return {"nodes": nodes, "edges": edges, "loose_lines": diagram["loose"]}


def redraw_diagram(picture):
    """Draw, save, and say what is joined to what and what is doubtful."""
    evidence = json.loads(Path(picture["evidence"]).read_text(encoding="utf-8"))
    diagram = evidence["diagram"]
    prepared = evidence.get("prepared")
    width, height = prepared["size"] if prepared else (evidence["size"]["width"], evidence["size"]["height"])
    drawn, graph = parts(diagram), structure(diagram)
    if picture["title"]:
        drawn.append(("text", (width / 2, 14.0), picture["title"], False, 16.0))
    Path(picture["out"] + "diagram.svg").write_text(as_svg(drawn, width, height, picture["title"]), encoding="utf-8")
    as_png(picture["out"] + "diagram.png", drawn, width, height)
    Path(picture["out"] + "diagram.json").write_text(
        json.dumps(graph, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    names = {node["id"]: node["text"] or node["id"] for node in graph["nodes"]}
    joined = "; ".join(f"{names[edge['from']]} {'→' if edge['directed'] else '–'} {names[edge['to']]}"
                       for edge in graph["edges"])
    unsure = [word for one in (*graph["nodes"], *graph["edges"]) for word in one["uncertain"]]
    doubts = sum(edge["doubt"] is not None for edge in graph["edges"])
    sentences = [f"Redrew {len(names)} boxes and {len(graph['edges'])} lines: {joined}."]
    if unsure:
        sentences.append(f"Uncertain words, marked with (?): {', '.join(unsure)}.")
    if doubts:
        sentences.append(f"Lines whose ends are not sure, drawn dashed: {doubts}.")
    if graph["loose_lines"]:
        sentences.append(f"Lines that join no two boxes: {len(graph['loose_lines'])}.")
    before = picture["out"].rpartition("/")[2]
    return " ".join([*sentences, f"Saved {before}diagram.svg, {before}diagram.png and {before}diagram.json."])
