#!/usr/bin/env python3
"""Writes tests/oracle/tokenizer-random-goldens.jsonl.gz: ids and offsets of random and nasty strings by the Rust library `tokenizers`.

Needs `pip install tokenizers==0.23.3`; reads models/m3-mini/tokenizer.json and, for words of many languages, the texts of
tests/oracle/tokenizer-goldens.jsonl.gz. The same arguments give the same strings.

    python tests/oracle/make_tokenizer_goldens.py                                  the committed file
    python tests/oracle/make_tokenizer_goldens.py --count 100000 --out FILE.gz     many more, for a longer comparison
    python tests/oracle/make_tokenizer_goldens.py --sweep --out FILE.gz            every code point of Unicode, in company
    python tests/oracle/make_tokenizer_goldens.py --spaces mark --out FILE.gz      by the pipeline that transformers 4 wrote (or --spaces strip)

First line: what made the file. Then one JSON array a line: [text, ids, offsets], special tokens included. The text may hold lone surrogates, which the
library cannot be given: it got U+FFFD in their place. Offsets are UTF-16 units, two a token, each pair as [start - start of the token before, end - start].
"""
import argparse
import gzip
import json
import pathlib
import random

import tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Characters at which the rules for clusters, removal and white space turn.
JOINERS = [0x300, 0x301, 0x308, 0x323, 0x327, 0x338, 0x345, 0x483, 0x5B0, 0x5BC, 0x64B, 0x651, 0x653, 0x670, 0x711, 0x7EB, 0x93C, 0x94D, 0x9BE, 0xB3E, 0xC4D,
           0xD3E, 0xE33, 0xE4D, 0xF71, 0x1039, 0x135F, 0x1AB0, 0x1DC0, 0x200C, 0x200D, 0x20D0, 0x20DD, 0x302A, 0x3099, 0x309A, 0xA802, 0xFE00, 0xFE0E, 0xFE0F,
           0xFE20, 0xFF9E, 0xFF9F, 0x1D165, 0x1F3FB, 0x1F3FF, 0xE0020, 0xE007F, 0xE0100, 0x11046, 0x110BA, 0x16FE4]
CONSONANTS = [0x915, 0x924, 0x937, 0x958, 0x995, 0x9DC, 0xA95, 0xB15, 0xB5C, 0xC15, 0xD15, 0x1000, 0x1780, 0x1B13, 0x11013]
LINKERS = [0x94D, 0x9CD, 0xACD, 0xB4D, 0xC4D, 0xD4D, 0x1039, 0x17D2, 0x1A60, 0x1B44, 0xA9C0, 0x11133]
PREPEND = [0x600, 0x605, 0x6DD, 0x70F, 0x890, 0x8E2, 0xD4E, 0x110BD, 0x110CD, 0x111C2, 0x11A3A]
PICTURES = [0xA9, 0xAE, 0x203C, 0x2122, 0x2139, 0x231A, 0x2614, 0x2764, 0x3030, 0x303D, 0x3297, 0x1F004, 0x1F170, 0x1F468, 0x1F469, 0x1F466, 0x1F600, 0x1F914]
JAMO = [0x1100, 0x1112, 0x115F, 0x1161, 0x1175, 0x11A8, 0x11C2, 0xA960, 0xD7B0, 0xD7CB, 0xAC00, 0xAC01, 0xD7A3, 0xFFA1, 0xFFC2, 0x3131, 0x3163]
SPACES = [0x20, 0x20, 0x20, 0x9, 0xA, 0xB, 0xC, 0xD, 0x85, 0xA0, 0x1680, 0x2000, 0x2009, 0x200A, 0x200B, 0x200E, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000,
          0xFEFF, 0x180E, 0x61C, 0x2581, 0xFFFD]
CONTROLS = [0x0, 0x1, 0x7, 0x8, 0xE, 0x1B, 0x1E, 0x1F, 0x7F, 0x80, 0x8F, 0x9F, 0xAD, 0x200B, 0x202E, 0x2061, 0xFFF9, 0xE0001, 0xFFFE, 0xFFFF, 0x10FFFF]
MAPPED = [0xA8, 0xAF, 0xB4, 0xB5, 0xB8, 0xBD, 0x132, 0x149, 0x17F, 0x1C4, 0x1C5, 0x2B0, 0x37A, 0x384, 0x3D3, 0x587, 0x675, 0x6C0, 0x9DC, 0xE33, 0xEDC, 0xF43, 0xF77,
          0x10FC, 0x1E9B, 0x1FED, 0x2011, 0x2017, 0x2024, 0x2026, 0x2033, 0x203C, 0x2057, 0x20A8, 0x2100, 0x2122, 0x2126, 0x2153, 0x2163, 0x222D, 0x2460, 0x2474,
          0x2A74, 0x2A75, 0x2ADC, 0x3036, 0x309B, 0x30FF, 0x3133, 0x3200, 0x3250, 0x32CC, 0x3300, 0x337F, 0x33FF, 0xF900, 0xFA30, 0xFB00, 0xFB1D, 0xFB2E, 0xFB4F,
          0xFC5E, 0xFDFA, 0xFDFB, 0xFDFC, 0xFE10, 0xFE30, 0xFE4D, 0xFE70, 0xFF01, 0xFF0C, 0xFF41, 0xFF76, 0xFF9E, 0xFFE3, 0xFFE5, 0x1D15E, 0x1D400, 0x1D7CE, 0x1F100,
          0x1F130, 0x1F190, 0x1F200, 0x1F240, 0x2F800, 0x2FA1D]
LATIN = [ord(c) for c in "aAeEiIoOuUyYcCsSzZnNdDtTlLkKgGhHjJwWxXrR=<>,.-'"] + [0xE4, 0xF6, 0xC5, 0x111, 0x131, 0x3B1, 0x3B9, 0x3C9, 0x415, 0x418, 0x456, 0x5D0, 0x5E9,
                                                                                    0x627, 0x648, 0x64A]
LITERALS = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", "<MASK>", "<mask", "mask>", "<<s>>", "</ s>", "\uff1cs\uff1e", "\uff1cunk\uff1e", "\uff1cmask\uff1e", "<\u0301s>",
            "<s>\u0301", "▁", "▁▁", "\r\n", "\n\n\n", "   ", "\t\t", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇰🇷🇯", "1️⃣", "👍🏽", "é", "ﷺ", "㍿"]
# Where a cluster's boundary decides: what may hold on to the next character, characters that a mark changes or that lose it, and characters that become two.
HOLDERS = ["", "", "\u0600", "\u0605", "\u06dd", "\u070f", "\u0d4e", "\U000110bd", "\u0915\u094d", "\u0995\u09cd", "\u0b15\u0b4d\u200d", "\u0915\u200d\u094d", "\u0915\u0301\u094d",
           "\u0915\u200c\u094d", "\u0915", "\u094d", "\U0001f469\u200d", "\u00a9\u200d", "\u2764\ufe0f\u200d", "\U0001f469\u200d\u200d", "\U0001f469a\u200d", "\u200d", "\U0001f1e6",
           "\u1100", "\uac00", "\r", "\r\n", "\x01", "\u3000"]
HELD = list("eauE=<>") + ["\u0958", "\u095f", "\u09dc", "\u0a59", "\u0b5c", "\u0b5d", "\u2122", "\u2139", "\u3297", "\u203c", "\u00b4", "\u00bd", "\u0415", "\u0627", "\u03b1", "\u3000", "\u2100"]
MARKS = ["", "\u0301", "\u0301", "\u0300", "\u0308", "\u0338", "\u0653", "\u093c", "\u200d", "\ufe0f", "\u0903", "\u0301\u0323", "\x01", "\x1e", "\x01\x02"]
WIDENED = ["\u2122", "\u00bd", "\ufb03", "\ufdfa", "\u3300", "\U0001d15e", "\U0001d1bb", "\u1d7a", "\u33ff", "\u0958", "\uff9e", "\u2026"]
LONE = [0xD800, 0xDBFF, 0xDC00, 0xDFFF]
POOLS = [JOINERS, JOINERS, LATIN, LATIN, CONSONANTS, LINKERS, PREPEND, PICTURES, JAMO, SPACES, CONTROLS, MAPPED, MAPPED, [0x1F1E6, 0x1F1F0, 0x1F1FF], [0x200D], LONE]


def legal(text: str) -> str:
    """What the library is given: lone surrogates become U+FFFD, the two halves of a pair become their character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Strings:
    def __init__(self, seed: int, words: list[str], pieces: list[str]):
        self.random = random.Random(seed)
        self.words = words
        self.pieces = pieces
        self.kinds = [self.turning, self.turning, self.anywhere, self.block, self.mixed, self.glued, self.word_chain, self.runs, self.sprinkled, self.clusters]

    def one(self) -> str:
        return self.random.choice(self.kinds)()

    def length(self) -> int:
        return self.random.choice([1, 2, 3, 4, 6, 10, 20, 40])

    def turning(self) -> str:
        """From the pools: most likely to meet the edges of the rules."""
        pools = self.random.choices(POOLS, k=self.random.randint(1, 4))
        return "".join(chr(self.random.choice(self.random.choice(pools))) for _ in range(self.length()))

    def anywhere(self) -> str:
        """Any code points, surrogates included."""
        top = self.random.choice([0x7F, 0x7FF, 0xFFFF, 0x1FFFF, 0x10FFFF])
        return "".join(chr(self.random.randint(0, top)) for _ in range(self.length()))

    def block(self) -> str:
        """Neighbours in the code space, so mostly one script."""
        start = self.random.choice([self.random.randrange(0, 0x10000, 0x40), self.random.randrange(0x10000, 0x20000, 0x40), self.random.randrange(0, 0x3000, 0x40)])
        return "".join(chr(self.random.randrange(start, start + 0x40)) if self.random.random() < 0.9 else " " for _ in range(self.length()))

    def mixed(self) -> str:
        return "".join(self.random.choice([self.turning, self.block, self.anywhere, self.literal, self.word])() for _ in range(self.random.randint(2, 6)))

    def literal(self) -> str:
        return self.random.choice(LITERALS)

    def word(self) -> str:
        return self.random.choice(self.words)

    def glued(self) -> str:
        """Pieces of the vocabulary without spaces: many ways to cut, some equally good."""
        return "".join(self.random.choice(self.pieces).replace("▁", self.random.choice(["", " ", "▁"])) for _ in range(self.length()))

    def word_chain(self) -> str:
        separator = self.random.choice([" ", "", "-", "\u3000", "\u200d", " <mask> ", "</s>"])
        return separator.join(self.word() for _ in range(self.length()))

    def runs(self) -> str:
        parts = [self.random.choice([" ", "\n", "\t", "a", "ab", "\u0301", "▁", "é", "中", "가", "\x01", "\u200b", "<", "🙂", "\ud800"]) for _ in range(self.random.randint(1, 3))]
        return "".join(part * self.random.choice([1, 2, 7, 60]) for part in parts)

    def clusters(self) -> str:
        parts = [[HOLDERS, HELD, MARKS], [WIDENED, ["", "\x01", "\x1e\x7f", "\u0301"]], [["a", " ", "\x01"]]]
        return "".join("".join(self.random.choice(pool) for pool in self.random.choice(parts)) for _ in range(self.random.choice([1, 1, 2, 4])))

    def sprinkled(self) -> str:
        """Words with one of the turning characters put in somewhere."""
        text = list(" ".join(self.word() for _ in range(self.random.randint(1, 6))))
        for _ in range(self.random.randint(1, 3)):
            text.insert(self.random.randint(0, len(text)), chr(self.random.choice(self.random.choice(POOLS))))
        return "".join(text)


def sweep():
    """Every code point but surrogates, eight a string: alone, before and after a combining mark, doubled, and between letters."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for at in range(0, len(points), 8):
        yield "".join(f"{c}\u0301 a{c}\u0338{c}{c}\u200d{c}b {c}" for c in map(chr, points[at:at + 8]))


def with_spaces(tokenizer_json: dict, spaces: str) -> dict:
    """The same tokenizer with another handling of spaces: the pipelines of transformers 4's converters (see src/builder/vocabulary-source.ts)."""
    if spaces == "split":
        return tokenizer_json
    steps = [tokenizer_json["normalizer"]]
    if spaces == "strip":
        steps.append({"type": "Strip", "strip_left": False, "strip_right": True})
    steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁" if spaces == "strip" else " "})
    metaspace = tokenizer_json["pre_tokenizer"]["pretokenizers"][1]
    return tokenizer_json | {"normalizer": {"type": "Sequence", "normalizers": steps}, "pre_tokenizer": metaspace}


def encode(tokenizer: tokenizers.Tokenizer, text: str) -> list:
    given = legal(text)
    encoding = tokenizer.encode(given)
    units = [0]
    for character in given:
        units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
    offsets, last = [], 0
    for start, end in encoding.offsets:
        offsets += [units[start] - last, units[end] - units[start]]
        last = units[start]
    return [text, encoding.ids, offsets]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--spaces", choices=["split", "mark", "strip"], default="split")
    parser.add_argument("--out", default=str(ROOT / "tests/oracle/tokenizer-random-goldens.jsonl.gz"))
    options = parser.parse_args()
    source = ROOT / "models/m3-mini/tokenizer.json"
    tokenizer_json = json.loads(source.read_text(encoding="utf-8"))
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(with_spaces(tokenizer_json, options.spaces)))
    with gzip.open(ROOT / "tests/oracle/tokenizer-goldens.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line).get("text", "") for line in file]
    words = sorted({word for text in texts for word in text.split()})
    pieces = [piece for piece, _ in tokenizer_json["model"]["vocab"]]
    strings = Strings(options.seed, words, pieces)
    header = {"oracle": f"tokenizers (Rust) {tokenizers.__version__}", "tokenizer": "models/m3-mini/tokenizer.json", "seed": options.seed, "spaces": options.spaces}
    lines = [json.dumps(header)]
    for text in sweep() if options.sweep else (strings.one() for _ in range(options.count)):
        lines.append(json.dumps(encode(tokenizer, text), separators=(",", ":")))
    with open(options.out, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=9, mtime=0, filename="") as file:
        file.write(("\n".join(lines) + "\n").encode("ascii"))


if __name__ == "__main__":
    main()
