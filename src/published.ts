/**
 * The list of published ONNX repositories of BGE-M3 that are known, as `bge-m3-web/published`: apart from the main entry, for pages that do not show it need not load it.
 * `M3.load` takes an entry, or its name.
 */
export { type PublishedFile, type PublishedModel, publishedModel, publishedModels } from "#core/published-models.ts";
