/**
 * What an artefact says about a model that its config.json does not: pooling, prompts, name, licence, source, limit of tokens.
 *
 * In order of precedence: the caller's options; an optional `m3.json` beside config.json (the fields of {@link ModelSettings}); for the pooling,
 * Sentence Transformers' `1_Pooling/config.json`; defaults by family (XLM-RoBERTa: CLS as in BGE-M3, BERT: mean).
 */
import { InvalidCheckpointError, UnsupportedModelError } from "#core/errors.ts";
import type { JsonView } from "#core/json-view.ts";
import type { Architecture, Manifest } from "#core/manifest.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";

export interface ModelSettings {
  readonly name: string;
  /** SPDX identifier, or a sentence. */
  readonly license: string;
  /** Where the weights come from, for people. */
  readonly source: string;
  readonly pooling: "cls" | "mean";
  readonly prompts: Manifest["prompts"];
  /** Most tokens that the model reads, special tokens included. */
  readonly maxTokens: number;
}

export const SETTINGS_FILE = "m3.json";
const POOLING_FILE = "1_Pooling/config.json";
const SETTINGS_FIELDS = ["name", "license", "source", "pooling", "prompts", "maxTokens"];

/** @throws InvalidCheckpointError for a wrong m3.json, or more tokens than the position table has rows for */
export async function resolveSettings(
  source: CheckpointSource,
  architecture: Architecture,
  overrides: Partial<ModelSettings>,
  defaultName: string,
  options?: ReadOptions,
): Promise<ModelSettings> {
  const files = await source.list();
  const written = files.includes(SETTINGS_FILE) ? parseSettings(await readJson(source, SETTINGS_FILE, options)) : {};
  const pooling =
    overrides.pooling ??
    written.pooling ??
    (files.includes(POOLING_FILE) ? parsePooling(await readJson(source, POOLING_FILE, options)) : undefined) ??
    (architecture.family === "xlm-roberta" ? "cls" : "mean");
  const positions = architecture.maxPositionEmbeddings - architecture.positionOffset;
  const maxTokens = overrides.maxTokens ?? written.maxTokens ?? positions;
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 3 || maxTokens > positions) {
    throw new InvalidCheckpointError(`maxTokens must be from 3 to ${positions}, the rows of its position table, but it is ${maxTokens}.`, {
      maxTokens,
      positions,
    });
  }
  return {
    name: overrides.name ?? written.name ?? defaultName,
    license: overrides.license ?? written.license ?? "unknown",
    source: overrides.source ?? written.source ?? "unknown",
    pooling,
    prompts: overrides.prompts ?? written.prompts ?? { query: "", passage: "" },
    maxTokens,
  };
}

function parseSettings(json: JsonView): Partial<ModelSettings> {
  for (const [key, field] of json.entries()) if (!SETTINGS_FIELDS.includes(key)) field.fail(`left out: the known fields are ${SETTINGS_FIELDS.join(", ")}`);
  const text = (name: string) => (json.field(name).isMissing ? undefined : json.field(name).string());
  const prompts = json.field("prompts");
  return {
    name: text("name"),
    license: text("license"),
    source: text("source"),
    pooling: json.field("pooling").isMissing ? undefined : json.field("pooling").oneOf(["cls", "mean"]),
    prompts: prompts.isMissing ? undefined : { query: prompts.field("query").string(), passage: prompts.field("passage").string() },
    maxTokens: json.field("maxTokens").isMissing ? undefined : json.field("maxTokens").integer(3),
  };
}

/** The one `pooling_mode_…` that is true. */
function parsePooling(json: JsonView): "cls" | "mean" {
  const modes = json.entries().flatMap(([key, field]) => (key.startsWith("pooling_mode_") && field.value === true ? [key] : []));
  if (modes.length === 1 && modes[0] === "pooling_mode_cls_token") return "cls";
  if (modes.length === 1 && modes[0] === "pooling_mode_mean_tokens") return "mean";
  throw new UnsupportedModelError(`${POOLING_FILE} asks for ${modes.join(" and ") || "no pooling"}; only CLS and mean pooling are computed.`, { modes });
}
