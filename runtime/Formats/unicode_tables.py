"""Writes UnicodeTables.inc: what the tokenizers need to know of each code point.

usage: unicode_tables.py > UnicodeTables.inc

Token ids must equal those of Hugging Face's `tokenizers` library (0.23.3), which
knows not one version of Unicode but four: categories as of 8.0, decompositions and
combining classes as of 9.0, lower case as of 17.0, word characters as of 16.0. The
tables begin with Python's Unicode 14.0 and are then corrected by the lists below,
each found by asking the library about every code point; the test
tokenizer_against_reference.py asks again. "Later" code points came after the
library's version, "earlier" ones had another category in it.
"""
import sys
import unicodedata

PYTHON_UNICODE = "14.0.0"
COLUMNS = 100


def expand(text):
    """'7FD 898-89F' -> the set of these code points."""
    points = set()
    for item in text.split():
        first, _, last = item.partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


# Format characters (Cf) assigned after Unicode 8.0.
LATER_CONTROL = expand("890-891 8E2 110CD 13430-13438")

# Marks (Mn) assigned after 8.0, or that were spacing marks (Mc) or punctuation then.
LATER_MARK = expand("""
    7FD 898-89F 8CA-8E1 9FE AFA-AFF B55 C04 C3C D00 D3B-D3C D81 EBA 180F 1885-1886
    1ABF-1ACE 1DF6-1DFB A82C A8C5 A8FF A9BD 10D24-10D27 10EAB-10EAC 10F46-10F50
    10F82-10F85 11070 11073-11074 110C2 111C9 111CF 1123E 1133B 11438-1143F
    11442-11444 11446 1145E 1182F-11837 11839-1183A 1193B-1193C 1193E 11943
    119D4-119D7 119DA-119DB 119E0 11A01-11A0A 11A33-11A38 11A3B-11A3E 11A47
    11A51-11A56 11A59-11A5B 11A8A-11A96 11A98-11A99 11C30-11C36 11C38-11C3D 11C3F
    11C92-11CA7 11CAA-11CB0 11CB2-11CB3 11CB5-11CB6 11D31-11D36 11D3A 11D3C-11D3D
    11D3F-11D45 11D47 11D90-11D91 11D95 11D97 11EF3-11EF4 16F4F 16FE4 1CF00-1CF2D
    1CF30-1CF46 1E000-1E006 1E008-1E018 1E01B-1E021 1E023-1E024 1E026-1E02A
    1E130-1E136 1E2AE 1E2EC-1E2EF 1E944-1E94A""")
EARLIER_MARK = expand("1734")

LATER_PUNCTUATION = expand("""
    61D 9FD A76 C77 C84 1B7D-1B7E 2E43-2E4F 2E52-2E5D 10EAD 10F55-10F59 10F86-10F89
    1144B-1144F 1145A-1145B 1145D 11660-1166C 116B9 1183B 11944-11946 119E2
    11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11C41-11C45 11C70-11C71 11EF7-11EF8 11FFF
    12FF1-12FF2 16E97-16E9A 16FE2 1E95E-1E95F""")
EARLIER_PUNCTUATION = expand("166D 111C9")

# Assigned after 9.0, so without a combining class or decomposition.
LATER_CLASS = expand("""
    7FD 898-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA A82C 10D24-10D27
    10EAB-10EAC 10F46-10F50 10F82-10F85 11070 1133B 1145E 11839-1183A 1193D-1193E 11943
    119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 16FF0-16FF1 1E130-1E136 1E2AE
    1E2EC-1E2EF""")
LATER_DECOMPOSITION = expand("11938")

# Capital letters assigned after 14.0, and where their small letters lie.
NEWER_LOWER = {0x1C89: 0x1C8A, 0xA7CB: 0x264, 0xA7CC: 0xA7CD, 0xA7CE: 0xA7CF,
               0xA7D2: 0xA7D3, 0xA7D4: 0xA7D5, 0xA7DA: 0xA7DB, 0xA7DC: 0x19B,
               **{c: c + 0x20 for c in range(0x10D50, 0x10D66)},
               **{c: c + 0x1B for c in range(0x16EA0, 0x16EB9)}}

# Word characters assigned after 14.0.
NEWER_WORD = expand("""
    897 CF3 ECE 1C89-1C8A A7CB-A7CD A7DA-A7DC 105C0-105F3 10D40-10D65 10D69-10D6D
    10D6F-10D85 10EC2-10EC4 10EFC-10EFF 1123F-11241 11380-11389 1138B 1138E 11390-113B5
    113B7-113C0 113C2 113C5 113C7-113CA 113CC-113D3 113E1-113E2 116D0-116E3 11BC0-11BE0
    11BF0-11BF9 11F00-11F10 11F12-11F3A 11F3E-11F42 11F50-11F5A 1342F 13440-13455
    13460-143FA 16100-16139 16D40-16D6C 16D70-16D79 18CFF 1B132 1B155 1CCF0-1CCF9
    1DF25-1DF2A 1E030-1E06D 1E08F 1E4D0-1E4F9 1E5D0-1E5FA 2B739 2EBF0-2EE5D
    31350-323AF""")
# Circled and squared letters are symbols (So) that count as alphabetic, and the two
# joiners count as parts of words: Unicode Technical Standard 18, annex C.
ALPHABETIC_SYMBOLS = expand("24B6-24E9 1F130-1F149 1F150-1F169 1F170-1F189")
JOINERS = expand("200C-200D")

# Python calls the four separators 1C-1F spaces; Unicode's White_Space does not.
NOT_WHITESPACE = expand("1C-1F")
ASCII_PUNCTUATION = expand("21-2F 3A-40 5B-60 7B-7E")

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORY = {c: unicodedata.category(chr(c)) for c in POINTS}
# Hangul syllables decompose by arithmetic, so the table leaves them out.
HANGUL = range(0xAC00, 0xD7A4)


def having(*categories):
    return {c for c in POINTS if CATEGORY[c].startswith(categories)}


def runs(values):
    """{code point: value} -> [first, last, value] for neighbours of one value."""
    found = []
    for point in sorted(values):
        if found and found[-1][1] == point - 1 and found[-1][2] == values[point]:
            found[-1][1] = point
        else:
            found.append([point, point, values[point]])
    return found


def lower_runs(lower):
    """{capital: small} -> [first, last, step, distance]; capitals often alternate
    with their small letters, which makes steps of two."""
    found = []
    for point in sorted(lower):
        distance = lower[point] - point
        if found and found[-1][3] == distance:
            first, last, step, _ = found[-1]
            if point - last <= 2 and (first == last or point - last == step):
                found[-1][1:3] = [point, point - last]
                continue
        found.append([point, point, 1, distance])
    return found


def table(kind, name, rows):
    """Prints one array, its rows as many to a line as fit."""
    print(f"\nconstexpr {kind} k{name}[] = {{")
    line = "   "
    for row in rows:
        item = f" {row},"
        if len(line) + len(item) > COLUMNS:
            print(line)
            line = "   "
        line += item
    print(f"{line}\n}};")


def ranges(name, points):
    table("Range", name, [f"{{{a:#x}, {b:#x}}}" for a, b, _ in runs(dict.fromkeys(points))])


def main():
    if unicodedata.unidata_version != PYTHON_UNICODE:
        sys.exit(f"the corrections are for Unicode {PYTHON_UNICODE}, as in Python 3.11; "
                 f"this Python has {unicodedata.unidata_version}")
    print("// Made by unicode_tables.py, which says where each table comes from. Not edited by hand.")
    ranges("Control", having("Cc", "Cf", "Co") - LATER_CONTROL)
    ranges("Whitespace", {c for c in POINTS if chr(c).isspace()} - NOT_WHITESPACE)
    ranges("Punctuation",
           (having("P") | ASCII_PUNCTUATION | EARLIER_PUNCTUATION) - LATER_PUNCTUATION)
    ranges("NonspacingMark", (having("Mn") | EARLIER_MARK) - LATER_MARK)
    ranges("Word", having("L", "M", "Nd", "Nl", "Pc") | ALPHABETIC_SYMBOLS | JOINERS | NEWER_WORD)

    classes = {c: unicodedata.combining(chr(c)) for c in POINTS}
    table("ClassRange", "CombiningClass",
          [f"{{{a:#x}, {b:#x}, {k}}}" for a, b, k in
           runs({c: k for c, k in classes.items() if k and c not in LATER_CLASS})])

    lower = {c: ord(chr(c).lower()) for c in POINTS
             if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)} | NEWER_LOWER
    table("LowerRun", "Lower",
          [f"{{{a:#x}, {b:#x}, {s}, {d}}}" for a, b, s, d in lower_runs(lower)])

    offsets, pool = [], []
    for c in POINTS:
        decomposed = unicodedata.normalize("NFD", chr(c))
        if decomposed != chr(c) and c not in HANGUL and c not in LATER_DECOMPOSITION:
            offsets.append(f"{{{c:#x}, {len(pool)}, {len(decomposed)}}}")
            pool += [f"{ord(part):#x}" for part in decomposed]
    table("Decomposition", "Decompositions", offsets)
    table("char32_t", "DecomposedParts", pool)


main()
