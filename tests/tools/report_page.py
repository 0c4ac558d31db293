"""Opens a page in a headless browser and prints what is on it.

usage: report_page.py <page.html> <folder for files>
"""

import html
import json
import pathlib
import re
import subprocess
import sys

BEFORE = """<script>
window.seen = [];
addEventListener("error", event => seen.push(event.message));
</script>"""
# Uses the page as a reader would, then leaves what came of it where --dump-dom shows it.
AFTER = """<script>
const all = selector => [...document.querySelectorAll(selector)];
const found = {
  errors: seen, kernels: all("tr.kernel").length, steps: all("li.step").length,
  arcs: all("#graph path").length, buffers: all("rect.buffer").length,
  names: all("li.step b").map(name => name.textContent),
};
all("th").find(heading => heading.textContent === "kernel").click();
found["sorted by name"] = all("tr.kernel b").map(name => name.textContent);
all("li.step")[0].dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
found.marked = all(".marked").map(element => element.tagName).sort();
found["wider than the window"] = document.documentElement.scrollWidth > innerWidth;
document.body.dataset.found = JSON.stringify(found);
</script>"""


def browse(folder, page, *flags):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
               "--window-size=1320,1600", *flags, page.absolute().as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(page, folder):
    text = pathlib.Path(page).read_text()
    used = pathlib.Path(folder, "used.html")
    used.write_text(text.replace("<head>", "<head>" + BEFORE).replace("</body>", AFTER + "</body>"))
    dom = browse(folder, used, "--dump-dom")
    found = json.loads(html.unescape(re.search(r'data-found="([^"]*)"', dom)[1]))
    for name, value in found.items():
        print(f"{name}: {json.dumps(value)}")
    picture = pathlib.Path(folder, "page.png")
    browse(folder, pathlib.Path(page), f"--screenshot={picture}")
    print("screenshot:", picture.read_bytes()[1:4].decode())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
