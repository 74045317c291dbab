"""A small BERT tokenizer (WordPiece) and what the Rust library makes of some texts: tests/fixtures/bert-tokenizer.

python make_bert_tokenizer.py
Needs tokenizers from PyPI. The vocabulary is written down here, so that it is the same whenever it is made.
"""
import json, os, tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/bert-tokenizer")
WORDS = "the a of to is in where cat mat sat on how do you print page search help text file network bright screen".split()
ENDINGS = "ing er s ed ness work net".split()
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SIGNS = list(".,?!-'()\":;/") + list("猫上坐화면")
TEXTS = [
    "The cat sat on the mat.", "Where is the cat?", "How do you print a page?", "networking brightness screens", "Búsqueda: CAFÉ, naïve!", "猫坐 on the mat",
    "화면 bright", "unknown☃snow 🐈 cats", "  spaces \t and\nlines ", "[MASK] the page", "x" * 40, "don't re-print pages (2)", "", "ﬁle №5",
]


def main():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *["##" + letter for letter in LETTERS], *SIGNS]
    pieces += [word for word in WORDS if word not in pieces] + ["##" + end for end in ENDINGS if "##" + end not in pieces]
    tokenizer = Tokenizer(models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]", max_input_chars_per_word=30))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    os.makedirs(OUT, exist_ok=True)
    tokenizer.save(os.path.join(OUT, "tokenizer.json"), pretty=False)
    special = {name: f"[{token}]" for name, token in (("unk_token", "UNK"), ("sep_token", "SEP"), ("pad_token", "PAD"), ("cls_token", "CLS"), ("mask_token", "MASK"))}
    with open(os.path.join(OUT, "tokenizer_config.json"), "w") as out:
        json.dump({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64, "clean_up_tokenization_spaces": True, **special}, out, indent=1)
    encoded = [tokenizer.encode(text) for text in TEXTS]
    # Places in UTF-16 units, as JavaScript counts.
    units = lambda text, place: len(text[:place].encode("utf-16-le")) // 2
    goldens = [{"text": text, "ids": one.ids, "offsets": [[units(text, place) for place in pair] for pair in one.offsets]} for text, one in zip(TEXTS, encoded)]
    with open(os.path.join(OUT, "goldens.json"), "w") as out:
        json.dump({"tokenizers": tokenizers.__version__, "vocabSize": len(pieces), "goldens": goldens}, out, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
