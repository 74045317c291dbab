"""A small SentencePiece model as its own trainer writes it, and what it makes of some texts: tests/fixtures/sentencepiece.

python make_sentencepiece_fixture.py
Needs sentencepiece from PyPI (made with 0.2.3). The ids are those of transformers' XLMRobertaTokenizer: SentencePiece's plus one, but for its three special ones.
"""
import json, os
import sentencepiece as spm
from make_goldens import TEXTS

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/sentencepiece")


def main():
    os.makedirs(OUT, exist_ok=True)
    lines = [text for text in TEXTS if text.strip()] * 20
    prefix = os.path.join(OUT, "small")
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=prefix, vocab_size=200, model_type="unigram", character_coverage=1.0,
        normalization_rule_name="nmt_nfkc", unk_id=0, bos_id=1, eos_id=2, minloglevel=2,
    )
    os.remove(f"{prefix}.vocab")
    model = spm.SentencePieceProcessor(model_file=f"{prefix}.model")
    shift = lambda piece: 3 if piece == 0 else piece + 1
    goldens = [{"text": text, "ids": [0, *map(shift, model.encode(text)), 2]} for text in TEXTS if text.strip()]
    with open(os.path.join(OUT, "goldens.json"), "w") as file:
        json.dump({"pieces": model.get_piece_size(), "texts": goldens}, file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
