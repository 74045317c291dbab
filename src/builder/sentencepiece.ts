/**
 * sentencepiece.bpe.model, the tokenizer as XLM-RoBERTa was published with, to what tokenizer.json says of it: for folders without one.
 *
 * A SentencePiece model is a protobuf message (sentencepiece_model.proto of google/sentencepiece, fields by number below). Ids are shifted as in fairseq and
 * in transformers' XLMRobertaConverter: `<s>`, `<pad>`, `</s>`, `<unk>`, then the pieces from the fourth on, then `<mask>`.
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { InvalidCheckpointError, M3Error } from "#core/errors.ts";
import { AddedTokenFlag, SpaceHandling } from "#tokenizer/vocabulary-format.ts";
import { readCharsmap } from "./vocabulary-charsmap.ts";
import type { TokenizerSource } from "./vocabulary-source.ts";

/** Field numbers. */
const MODEL = { pieces: 1, trainerSpec: 2, normalizerSpec: 3 } as const;
const PIECE = { piece: 1, score: 2, type: 3 } as const;
const TRAINER = { modelType: 3, byteFallback: 35 } as const;
const NORMALIZER = { charsmap: 2, addDummyPrefix: 3, removeExtraWhitespaces: 4, escapeWhitespaces: 5 } as const;

const UNIGRAM = 1;
const NORMAL_PIECE = 1;
/** What SentencePiece has first; fairseq has four of its own instead. */
const OWN_SPECIALS = ["<unk>", "<s>", "</s>"];
const SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"];
const MASK = "<mask>";

interface Piece {
  readonly piece: string;
  readonly score: number;
  readonly type: number;
}

/** @throws InvalidCheckpointError when the bytes are no SentencePiece model, or one of another kind than XLM-RoBERTa's */
export function parseSentencePiece(bytes: Uint8Array, file: string): TokenizerSource {
  const refuse = (reason: string, cause?: unknown) => new InvalidCheckpointError(`${file} ${reason}`, { file }, { cause });
  let model: Model;
  try {
    model = readModel(bytes);
  } catch (cause) {
    throw refuse("is no SentencePiece model, or a part of one. Download it again.", cause);
  }
  if (model.modelType !== UNIGRAM) throw refuse("holds a model of another type than unigram, which is not supported.");
  if (model.byteFallback) throw refuse("falls back to bytes, which is not supported.");
  if (model.refused) throw refuse(`says ${model.refused}: false, which is not supported.`);
  if (OWN_SPECIALS.some((piece, id) => model.pieces[id]?.piece !== piece)) throw refuse(`does not begin with the pieces ${OWN_SPECIALS.join(", ")}.`);
  const own = model.pieces.slice(OWN_SPECIALS.length);
  const strange = own.find(({ piece, score, type }) => type !== NORMAL_PIECE || piece === "" || !Number.isFinite(score));
  if (strange) throw refuse(`has the piece "${strange.piece}" of type ${strange.type} and score ${strange.score}; only ordinary ones are supported.`);
  const pieces = [...SPECIALS, ...own.map(({ piece }) => piece), MASK];
  if (new Set(pieces).size !== pieces.length) throw refuse("has a piece twice.");
  const scores = [...SPECIALS.map(() => 0), ...own.map(({ score }) => score), 0];
  const added = [...SPECIALS.entries(), [pieces.length - 1, MASK] as const].map(([id, content]) => ({
    id,
    content,
    flags: content === MASK ? AddedTokenFlag.stripLeft : 0,
  }));
  const special = { unkId: SPECIALS.indexOf("<unk>"), prefixIds: [SPECIALS.indexOf("<s>")], suffixIds: [SPECIALS.indexOf("</s>")], added };
  try {
    return { pieces, scores, charsmap: readCharsmap(model.charsmap), spaceHandling: SpaceHandling.split, special };
  } catch (error) {
    throw error instanceof M3Error ? error : refuse("has no sound charsmap.", error);
  }
}

interface Model {
  readonly pieces: readonly Piece[];
  readonly modelType: number;
  readonly byteFallback: boolean;
  readonly charsmap: Uint8Array;
  /** A setting of the normaliser that XLM-RoBERTa's has not. */
  readonly refused: string | null;
}

function readModel(bytes: Uint8Array): Model {
  const pieces: Piece[] = [];
  let modelType = UNIGRAM;
  let byteFallback = false;
  let charsmap: Uint8Array = new Uint8Array();
  let refused: string | null = null;
  readMessage(bytes, {
    [MODEL.pieces]: (reader) => pieces.push(readPiece(reader.bytes())),
    [MODEL.trainerSpec]: (reader) =>
      readMessage(reader.bytes(), {
        [TRAINER.modelType]: (inner) => {
          modelType = inner.int32();
        },
        [TRAINER.byteFallback]: (inner) => {
          byteFallback = inner.bool();
        },
      }),
    [MODEL.normalizerSpec]: (reader) => {
      const flag = (name: string) => (inner: BinaryReader) => {
        if (!inner.bool()) refused ??= name;
      };
      readMessage(reader.bytes(), {
        [NORMALIZER.charsmap]: (inner) => {
          charsmap = inner.bytes();
        },
        [NORMALIZER.addDummyPrefix]: flag("add_dummy_prefix"),
        [NORMALIZER.removeExtraWhitespaces]: flag("remove_extra_whitespaces"),
        [NORMALIZER.escapeWhitespaces]: flag("escape_whitespaces"),
      });
    },
  });
  if (pieces.length === 0) throw new Error("There are no pieces.");
  return { pieces, modelType, byteFallback, charsmap, refused };
}

function readPiece(bytes: Uint8Array): Piece {
  let piece = "";
  let score = 0;
  let type = NORMAL_PIECE;
  readMessage(bytes, {
    [PIECE.piece]: (reader) => {
      piece = reader.string();
    },
    [PIECE.score]: (reader) => {
      score = reader.float();
    },
    [PIECE.type]: (reader) => {
      type = reader.int32();
    },
  });
  return { piece, score, type };
}

/** Reads the fields that are named and passes over all others. */
function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, (reader: BinaryReader) => unknown>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read) read(reader);
    else reader.skip(wireType, field);
  }
}
