/** Hugging Face's config.json to the encoder's shape; refuses what the graphs of this package do not compute. */
import { UnsupportedModelError } from "#core/errors.ts";
import type { JsonView } from "#core/json-view.ts";
import type { Architecture } from "#core/manifest.ts";

const MAX_SIZE = 2 ** 24;

/** @throws UnsupportedModelError for another kind of model, InvalidCheckpointError (by the view) for fields that are missing or wrong */
export function parseArchitecture(config: JsonView): Architecture {
  const family = config.field("model_type").string();
  if (family !== "xlm-roberta" && family !== "bert") {
    throw new UnsupportedModelError(`config.json says model_type "${family}"; this package runs "xlm-roberta" and "bert" encoders.`, { modelType: family });
  }
  refuseUnless(config, "hidden_act", "gelu");
  refuseUnless(config, "position_embedding_type", "absolute");
  refuseUnless(config, "is_decoder", false);
  refuseUnless(config, "add_cross_attention", false);
  const hiddenSize = config.field("hidden_size").integer(1, MAX_SIZE);
  const numAttentionHeads = config.field("num_attention_heads").integer(1, MAX_SIZE);
  if (hiddenSize % numAttentionHeads !== 0) config.field("num_attention_heads").fail(`a divisor of hidden_size ${hiddenSize}`);
  const positionOffset = family === "bert" ? 0 : (config.field("pad_token_id").isMissing ? 1 : config.field("pad_token_id").integer(0, 1000)) + 1;
  return {
    family,
    hiddenSize,
    numHiddenLayers: config.field("num_hidden_layers").integer(1, 1000),
    numAttentionHeads,
    intermediateSize: config.field("intermediate_size").integer(1, MAX_SIZE),
    layerNormEps: config.field("layer_norm_eps").isMissing ? 1e-12 : config.field("layer_norm_eps").number(0, 1),
    vocabSize: config.field("vocab_size").integer(1, MAX_SIZE),
    maxPositionEmbeddings: config.field("max_position_embeddings").integer(positionOffset + 1, MAX_SIZE),
    positionOffset,
    typeVocabSize: config.field("type_vocab_size").isMissing ? 2 : config.field("type_vocab_size").integer(1, 1000),
  };
}

/** A field that may be missing, but must not have another value: the graphs have only this one. */
function refuseUnless(config: JsonView, field: string, supported: string | boolean): void {
  const { isMissing, value } = config.field(field);
  if (isMissing || value === supported) return;
  throw new UnsupportedModelError(`config.json says ${field} ${JSON.stringify(value)}; only ${JSON.stringify(supported)} is computed.`, {
    field,
    value: String(value),
  });
}
