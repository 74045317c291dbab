/**
 * What an ONNX file takes and gives, without its weights: the protobuf message is walked through in small reads, and initializers, which may be gigabytes, are
 * stepped over. Fields by number, after onnx.proto: ModelProto.graph 7; GraphProto.node 1, initializer 5, input 11, output 12; NodeProto.op_type 4, attribute 5
 * (AttributeProto.t 5); TensorProto.external_data 13 (key 1, value 2); ValueInfoProto.name 1, .type 2 (tensor_type 1, shape 2, dim 1, dim_value 1).
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { InvalidCheckpointError } from "#core/errors.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "./ports.ts";

export interface OnnxValue {
  readonly name: string;
  /** Null for a size that is known at run time only. */
  readonly dims: readonly (number | null)[];
}

export interface OnnxInterface {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Operators of the main graph. */
  readonly operators: ReadonlySet<string>;
  /** Files with its weights, by the names that it uses: paths beside it. A constant may have one of its own (BAAI/bge-m3 has). */
  readonly externalData: readonly string[];
}

const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;
const EXTERNAL_DATA = 13;
const INPUT = 11;
const OUTPUT = 12;
/** Tag and length of a field: two varints of at most ten bytes each. */
const HEAD_BYTES = 20;
/** Larger nodes carry constants. */
const MAX_FIELD_BYTES = 2 ** 24;

/** @throws InvalidCheckpointError when the file is no ONNX model, or a part of one */
export async function readOnnxInterface(source: CheckpointSource, file: string, options?: ReadOptions): Promise<OnnxInterface> {
  const refuse = (cause?: unknown) => new InvalidCheckpointError(`${file} is no ONNX model, or a part of one. Download it again.`, { file }, { cause });
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const operators = new Set<string>();
  const locations = new Set<string>();
  const size = await source.size(file);
  let graphs = 0;
  try {
    for await (const graph of fields(source, file, 0, size, options)) {
      if (graph.number !== GRAPH) continue;
      graphs++;
      for await (const { number, begin, end } of fields(source, file, graph.begin, graph.end, options)) {
        if (number === INITIALIZER) {
          for await (const field of fields(source, file, begin, end, options)) {
            if (field.number === EXTERNAL_DATA) addLocation(await source.read(file, field.begin, field.end - field.begin, options), locations);
          }
        }
        if (number !== NODE && number !== INPUT && number !== OUTPUT) continue;
        if (end - begin > MAX_FIELD_BYTES) continue;
        const bytes = await source.read(file, begin, end - begin, options);
        if (number === NODE) {
          operators.add(text(bytes, 4));
          const tensors = parts(bytes, 5).flatMap((attribute) => parts(attribute, 5));
          for (const entry of tensors.flatMap((tensor) => parts(tensor, EXTERNAL_DATA))) addLocation(entry, locations);
        } else (number === INPUT ? inputs : outputs).push(readValue(bytes));
      }
    }
  } catch (error) {
    options?.signal?.throwIfAborted();
    throw refuse(error);
  }
  if (graphs !== 1 || outputs.length === 0) throw refuse();
  return { inputs, outputs, operators, externalData: [...locations].sort() };
}

/** @param entry a StringStringEntryProto */
function addLocation(entry: Uint8Array, locations: Set<string>): void {
  if (text(entry, 1) === "location") locations.add(text(entry, 2));
}

interface Field {
  readonly number: number;
  readonly begin: number;
  readonly end: number;
}

/** The length-delimited fields between two bytes of a file. */
async function* fields(source: CheckpointSource, file: string, begin: number, end: number, options?: ReadOptions): AsyncGenerator<Field> {
  let at = begin;
  while (at < end) {
    const head = new BinaryReader(await source.read(file, at, Math.min(HEAD_BYTES, end - at), options));
    const [number, wireType] = head.tag();
    if (wireType === WireType.LengthDelimited) {
      const length = Number(head.uint64());
      const first = at + head.pos;
      if (first + length > end) throw new Error("A field reaches beyond its end.");
      yield { number, begin: first, end: first + length };
      at = first + length;
    } else {
      head.skip(wireType, number);
      at += head.pos;
    }
  }
}

/** The last field of this number, as a text. */
function text(bytes: Uint8Array, field: number): string {
  const found = parts(bytes, field).at(-1);
  return found ? new TextDecoder().decode(found) : "";
}

function parts(bytes: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === field && wireType === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(wireType, number);
  }
  return found;
}

function readValue(bytes: Uint8Array): OnnxValue {
  const within = (all: readonly Uint8Array[], field: number) => all.flatMap((part) => parts(part, field));
  const dims = within(within(within(parts(bytes, 2), 1), 2), 1);
  return { name: text(bytes, 1), dims: dims.map(readSize) };
}

function readSize(dim: Uint8Array): number | null {
  const reader = new BinaryReader(dim);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === WireType.Varint) return Number(reader.int64());
    reader.skip(wireType, number);
  }
  return null;
}
