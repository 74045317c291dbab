/** Reads what the vocabulary file needs from tokenizer.json, and refuses every tokenizer whose pipeline is not XLM-RoBERTa's. */
import type { JsonView } from "#core/json-view.ts";
import { AddedTokenFlag, SpaceHandling, WORD_MARK } from "#tokenizer/vocabulary-format.ts";
import { type CharsmapRules, readCharsmap } from "./vocabulary-charsmap.ts";

export interface AddedTokenSource {
  readonly id: number;
  readonly content: string;
  /** {@link AddedTokenFlag}s. */
  readonly flags: number;
}

export interface SpecialTokens {
  readonly unkId: number;
  /** Put before and after every text by the post-processor. */
  readonly prefixIds: readonly number[];
  readonly suffixIds: readonly number[];
  /** In the order of their ids. */
  readonly added: readonly AddedTokenSource[];
}

export interface TokenizerSource {
  /** By id; all different, none empty. */
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  readonly charsmap: CharsmapRules;
  /** One of {@link SpaceHandling}. */
  readonly spaceHandling: number;
  readonly special: SpecialTokens;
}

const MAX_PIECE_UNITS = 255;
const MAX_PIECES = 2 ** 20;
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

/** @param root knows which error to throw: InvalidCheckpointError */
export function parseTokenizerJson(root: JsonView): TokenizerSource {
  const model = root.field("model");
  model.field("type").oneOf(["Unigram"]);
  refuseTrue(model.field("byte_fallback"));
  const { pieces, scores } = parsePieces(model.field("vocab"));
  const unkId = model.field("unk_id").integer(0, pieces.length - 1);
  const { spaceHandling, charsmap: blob } = parsePipeline(root.field("normalizer"), root.field("pre_tokenizer"));
  const charsmap = readCharsmap(decodeBase64(blob));
  const { prefixIds, suffixIds } = parseTemplate(root.field("post_processor"));
  return { pieces, scores, charsmap, spaceHandling, special: { unkId, prefixIds, suffixIds, added: parseAddedTokens(root.field("added_tokens")) } };
}

function parsePieces(vocab: JsonView): { pieces: string[]; scores: number[] } {
  const items: readonly unknown[] = Array.isArray(vocab.value) ? vocab.value : vocab.fail("an array of [piece, score]");
  if (items.length > MAX_PIECES) vocab.fail(`at most ${MAX_PIECES} pieces`);
  const pieces: string[] = [];
  const scores: number[] = [];
  // Checked by hand: a view for each of 250,002 pieces would cost more than all the rest.
  for (const item of items) {
    const [piece, score] = Array.isArray(item) ? (item as unknown[]) : [];
    if (typeof piece !== "string" || piece.length === 0 || piece.length > MAX_PIECE_UNITS || LONE_SURROGATE.test(piece)) {
      return vocab.fail(`pieces of 1 to ${MAX_PIECE_UNITS} units (number ${pieces.length} is not)`);
    }
    if (typeof score !== "number" || !Number.isFinite(score)) return vocab.fail(`pieces with finite scores (number ${pieces.length} has none)`);
    pieces.push(piece);
    scores.push(score);
  }
  if (new Set(pieces).size !== pieces.length) vocab.fail("pieces that are all different");
  return { pieces, scores };
}

/**
 * The three pipelines that XLM-RoBERTa's tokenizer.json has had: WhitespaceSplit and Metaspace after the charsmap (the first converters, transformers 5);
 * or Metaspace alone after the charsmap and runs of spaces made one, with or without the end stripped (the converters of transformers 4).
 */
function parsePipeline(normalizer: JsonView, preTokenizer: JsonView): { spaceHandling: number; charsmap: JsonView } {
  const steps = parts(normalizer, "normalizers");
  const [precompiled, ...others] = steps;
  precompiled?.field("type").oneOf(["Precompiled"]);
  const charsmap = (precompiled ?? normalizer).field("precompiled_charsmap");
  const splitters = parts(preTokenizer, "pretokenizers");
  if (splitters.length > 1) {
    const [split, metaspace] = splitters;
    if (splitters.length > 2) preTokenizer.fail("WhitespaceSplit and Metaspace");
    split!.field("type").oneOf(["WhitespaceSplit"]);
    checkMetaspace(metaspace!);
    if (others.length > 0) normalizer.fail("Precompiled alone, before WhitespaceSplit");
    return { spaceHandling: SpaceHandling.split, charsmap };
  }
  checkMetaspace(splitters[0] ?? preTokenizer);
  const strip = others.length > 1 ? others.shift() : undefined;
  if (strip) {
    strip.field("type").oneOf(["Strip"]);
    if (strip.field("strip_left").value !== false || strip.field("strip_right").value !== true) strip.fail("a Strip of the right side only");
  }
  const [collapse] = others;
  if (!collapse || others.length > 1) normalizer.fail("Precompiled, maybe Strip, and a Replace of runs of spaces");
  collapse.field("type").oneOf(["Replace"]);
  collapse.field("pattern").field("Regex").oneOf([" {2,}"]);
  collapse.field("content").oneOf([" ", WORD_MARK]);
  return { spaceHandling: strip ? SpaceHandling.markAndStrip : SpaceHandling.mark, charsmap };
}

/** The steps of a Sequence, or the one step that it is. */
function parts(view: JsonView, name: string): JsonView[] {
  return view.field("type").value === "Sequence" ? view.field(name).items() : [view];
}

function checkMetaspace(view: JsonView): void {
  view.field("type").oneOf(["Metaspace"]);
  view.field("replacement").oneOf([WORD_MARK]);
  const scheme = view.field("prepend_scheme");
  if (!scheme.isMissing) scheme.oneOf(["always"]);
  if (view.field("add_prefix_space").value === false) view.fail("a Metaspace that adds a prefix");
  if (view.field("split").value === false) view.fail("a Metaspace that splits");
}

function parseTemplate(view: JsonView): { prefixIds: number[]; suffixIds: number[] } {
  view.field("type").oneOf(["TemplateProcessing"]);
  const specials = view.field("special_tokens");
  const before: number[] = [];
  const after: number[] = [];
  let seen = false;
  for (const item of view.field("single").items()) {
    if (!item.field("Sequence").isMissing) {
      if (seen) item.fail("the only sequence");
      seen = true;
      continue;
    }
    const name = item.field("SpecialToken").field("id").string();
    const ids = specials.field(name).field("ids").items();
    (seen ? after : before).push(...ids.map((id) => id.integer(0, MAX_PIECES)));
  }
  if (!seen) view.fail("a template with the text in it");
  return { prefixIds: before, suffixIds: after };
}

function parseAddedTokens(view: JsonView): AddedTokenSource[] {
  const tokens = view.items().map((item): AddedTokenSource => {
    refuseTrue(item.field("single_word"));
    refuseTrue(item.field("normalized"));
    const flags = (item.field("lstrip").value === true ? AddedTokenFlag.stripLeft : 0) | (item.field("rstrip").value === true ? AddedTokenFlag.stripRight : 0);
    return { id: item.field("id").integer(0, MAX_PIECES), content: item.field("content").string("a text", (text) => text.length > 0), flags };
  });
  return tokens.sort((a, b) => a.id - b.id);
}

function refuseTrue(view: JsonView): void {
  if (view.value === true) view.fail("false");
}

function decodeBase64(view: JsonView): Uint8Array {
  const text = view.string();
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return view.fail("base64");
  }
}
