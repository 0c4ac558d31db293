"""Checks that every link in the project's pages leads somewhere.

usage: links.py <root of the repository>

A link names a file or folder beside the page, a heading (#like-this), or both.
Addresses elsewhere (https:...) are not followed.
"""

import pathlib
import re
import sys

FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2[`~]*\s*$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)", re.M)


def is_ours(path):
    return not any(part.startswith((".", "build")) for part in path.parts)


def anchors_of(page):
    """Returns the names by which the page's headings are linked to."""
    headings = re.findall(r"^#+ +(.+?)\s*#*$", FENCED.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blank(match):
    """Takes code away and keeps its lines, so that line numbers stay right."""
    return "\n" * match[0].count("\n")


def complaint(page, target):
    if re.match(r"[a-z]+:", target):
        return None
    path, _, anchor = target.partition("#")
    there = (page.parent / path).resolve() if path else page
    if not there.exists():
        return f"links to {target}, which does not exist"
    if anchor and there.suffix == ".md" and anchor not in anchors_of(there):
        return f"links to {target}, but no heading has that name"
    return None


def main():
    root, bad, pages = pathlib.Path(sys.argv[1]), 0, 0
    for page in sorted(p for p in root.rglob("*.md") if is_ours(p.relative_to(root))):
        pages += 1
        text = re.sub(r"`[^`\n]+`", "", FENCED.sub(blank, page.read_text()))
        for link in LINK.finditer(text):
            if wrong := complaint(page, link[1] or link[2]):
                line = text.count("\n", 0, link.start()) + 1
                print(f"{page.relative_to(root)}:{line}: {wrong}")
                bad += 1
    print(f"{pages} pages looked at, {bad} links lead nowhere")
    return bad != 0 or pages == 0


if __name__ == "__main__":
    sys.exit(main())
