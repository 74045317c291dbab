/** Checks that a manifest lists every tensor that its model needs, in the right type and shape, with parts that add up and pages that fit their shards. */
import { encoderTensors } from "./encoder-tensors.ts";
import { InvalidManifestError } from "./errors.ts";
import type { Manifest, OnnxModel, TensorEntry, WeightEncoding } from "./manifest.ts";
import { encodedParts, pageRows, tensorBytes, WORD_EMBEDDINGS } from "./tensor-layout.ts";

const FLOAT: WeightEncoding = { kind: "float" };

/** @throws InvalidManifestError that names the tensor */
export function checkTensors(manifest: Manifest): void {
  for (const [name, entry] of Object.entries(manifest.tensors)) checkParts(name, entry);
  checkHeads(manifest);
  if (manifest.onnx) checkFiles(manifest, manifest.onnx);
  else checkEncoder(manifest);
}

function checkEncoder(manifest: Manifest): void {
  const [wordEmbeddings, ...backbone] = encoderTensors(manifest.architecture);
  const quantisable = new Set(backbone.filter((tensor) => tensor.quantisable).map(({ name }) => name));
  for (const name of Object.keys(manifest.encodings)) if (!quantisable.has(name)) refuse(name, "is no matrix of the encoder, but has an encoding");
  for (const { name, shape } of backbone) checkTensor(manifest, name, shape, manifest.encodings[name] ?? FLOAT);
  checkPages(manifest, wordEmbeddings!.shape);
}

function checkHeads(manifest: Manifest): void {
  for (const { tensor, inputs, outputs } of [...(manifest.heads.lexical?.layers ?? []), ...(manifest.heads.colbert?.layers ?? [])]) {
    checkTensor(manifest, `${tensor}.weight`, [outputs, inputs], FLOAT);
    checkTensor(manifest, `${tensor}.bias`, [outputs], FLOAT);
  }
}

/** The files of an ONNX model are there, and each head is either an output of the graph or made of its hidden states. */
function checkFiles({ tensors, heads }: Manifest, { file, externalData, outputs }: OnnxModel): void {
  for (const name of [file, ...externalData]) {
    if (!Object.hasOwn(tensors, name)) refuse(name, "is missing");
    const { dtype, shape } = tensors[name]!;
    if (dtype !== "U8" || shape.length !== 1) refuse(name, `is ${dtype} [${shape}], but a file is U8 of one dimension`);
  }
  for (const head of ["lexical", "colbert"] as const) {
    const found = heads[head];
    if (found && outputs[head] === null && (outputs.hidden === null || found.layers.length === 0)) refuse(file, `has no output for the ${head} head`);
    if (found && outputs[head] !== null && found.layers.length > 0) refuse(file, `has an output for the ${head} head, which has layers as well`);
  }
}

function refuse(tensor: string, reason: string): never {
  throw new InvalidManifestError(`the tensor "${tensor}" ${reason}.`, { tensor });
}

function checkParts(name: string, { dtype, shape, parts }: TensorEntry): void {
  const stored = parts.reduce((sum, { length }) => sum + length, 0);
  const needed = tensorBytes(dtype, shape);
  if (stored !== needed) refuse(name, `has parts of ${stored} bytes, but ${dtype} [${shape}] takes ${needed}`);
  const rowBytes = needed / (shape[0] ?? 1);
  if (parts.some(({ length }) => length % rowBytes !== 0)) refuse(name, "has a part that is not of whole rows");
}

function checkTensor({ tensors }: Manifest, name: string, shape: readonly number[], encoding: WeightEncoding): void {
  const stored = encoding.kind === "float" ? [{ suffix: "", dtype: "F32", shape }] : encodedMatrix(name, shape, encoding);
  for (const part of stored) {
    const entry = Object.hasOwn(tensors, name + part.suffix) ? tensors[name + part.suffix]! : refuse(name + part.suffix, "is missing");
    if (entry.dtype !== part.dtype || entry.shape.join() !== part.shape.join()) {
      refuse(name + part.suffix, `is ${entry.dtype} [${entry.shape}], but the model needs ${part.dtype} [${part.shape}]`);
    }
  }
}

function encodedMatrix(name: string, [rows, cols]: readonly number[], encoding: WeightEncoding) {
  if (encoding.kind === "blocks4" && cols! % encoding.blockSize !== 0) refuse(name, `has ${cols} columns, which is no multiple of ${encoding.blockSize}`);
  return encodedParts(encoding, rows!, cols!);
}

function checkPages(manifest: Manifest, [rows, cols]: readonly number[]): void {
  const { encoding, rowsPerPage, dataOffset, shards } = manifest.wordEmbeddings;
  const pages = Math.ceil(rows! / rowsPerPage);
  if (shards.length !== pages) refuse(WORD_EMBEDDINGS, `has ${shards.length} pages, but ${rows} rows by ${rowsPerPage} make ${pages}`);
  encodedMatrix(WORD_EMBEDDINGS, [rows!, cols!], encoding);
  shards.forEach((shard, page) => {
    const end = encodedParts(encoding, pageRows(manifest, page), cols!).reduce((sum, { bytes }) => sum + bytes, dataOffset);
    if (end > manifest.shards[shard]!.bytes)
      refuse(WORD_EMBEDDINGS, `has a page ${page} that ends at byte ${end} of a file of ${manifest.shards[shard]!.bytes}`);
  });
}
