"""The platform's own look at a picture.

``python3 -m look IMAGE.png OUT.json`` measures one upright PNG and writes what
was seen as JSON: text with places, a table's cells, the axes of a chart with a
pixel-to-value fit, legend, colours, and which kind of picture it is. Nothing is
guessed silently: whatever is doubtful is said in ``notes``.

All places are in pixels of the original picture, origin at the top left corner,
x to the right, y downwards. Pixel *positions* (ticks, edges) are pixel-centre
coordinates: the middle of the first pixel is 0.0. Boxes are ``[x, y, w, h]``.

See ``README.md`` beside this file for the JSON, field by field.
"""

VERSION = 1
