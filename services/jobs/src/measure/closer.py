import json
import os
import sys

sys.path.insert(0, "/opt/darkroom/python")
import cv2
import look

# Enlarged at most eight times, to about this many pixels on its longer side: what small print needs.
LONGEST_SIDE = 1400

left, top, width, height = json.loads("WHAT")
# Places are those of the evidence: of the picture as it was measured, where that is another one.
measured = "/box/in/prepared.png"
picture = cv2.imread(measured if os.path.exists(measured) else "/box/in/image.png")
rows, columns = picture.shape[:2]
left, top = min(left, columns - 1), min(top, rows - 1)
part = picture[top:min(top + height, rows), left:min(left + width, columns)]
scale = max(1.0, min(8.0, LONGEST_SIDE / max(part.shape[:2])))
part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
cv2.imwrite("/box/out/closer.png", part)
look.main("/box/out/closer.png", "/box/out/closer.json")
with open("/box/out/closer.json", encoding="utf-8") as file:
    seen = json.load(file)
lines = [item["text"] for item in seen["text"]]
print(f"Enlarged {scale:.1f} times. Text in it: {json.dumps(lines, ensure_ascii=False)[:3000]}")
