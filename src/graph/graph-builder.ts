/**
 * Writes an ONNX graph node by node, with the official schema's messages. It knows ONNX, not models: layers are in the files beside it.
 * Values are named by the builder, so that a graph is the same bytes whenever it is built from the same calls.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  type TensorProto as TensorProtoMessage,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
  Version,
} from "./onnx-proto/generated/onnx_pb.ts";

/** Name of a value in the graph; "" stands for an optional input that is left out. */
export type Value = string;

/** Element types that our graphs use, with the names that ONNX Runtime's JavaScript API has for them. */
export type ElementType = "float32" | "float16" | "uint8" | "int8" | "int64" | "bool";

/** A size, or the name of a size that is known at run time only. */
export type Dimension = number | string;

/** Integers and lists of them as they are; a float must say so, since 1 could be either; a subgraph for control flow. */
export type Attribute = number | readonly number[] | { readonly float: number } | GraphProto;

const CONTRIB_DOMAIN = "com.microsoft";
const OPSET_VERSION = 21n;

const DATA_TYPES: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  uint8: TensorProto_DataType.UINT8,
  int8: TensorProto_DataType.INT8,
  int64: TensorProto_DataType.INT64,
  bool: TensorProto_DataType.BOOL,
};

export class GraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly inputs: ValueInfoProto[] = [];
  private readonly outputs: ValueInfoProto[] = [];
  private readonly initializers: TensorProtoMessage[] = [];
  private readonly constants = new Map<string, Value>();
  private readonly prefix: string;
  private count = 0;

  /** @param prefix of every value's name; a subgraph needs one of its own, for it shares its parent's names */
  constructor(prefix = "") {
    this.prefix = prefix;
  }

  /** Adds a node of the ONNX operator set and gives its (first) output. */
  op(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return this.node("", type, inputs, attributes, 1)[0]!;
  }

  /** Adds a node of ONNX Runtime's own operators (com.microsoft) and gives its (first) output. */
  contrib(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return this.node(CONTRIB_DOMAIN, type, inputs, attributes, 1)[0]!;
  }

  /** Adds an ONNX node with several outputs. */
  split(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>, outputCount: number): Value[] {
    return this.node("", type, inputs, attributes, outputCount);
  }

  /** The value in another element type. */
  cast(value: Value, type: ElementType): Value {
    return this.op("Cast", [value], { to: DATA_TYPES[type] });
  }

  input(name: string, type: ElementType, dims: readonly Dimension[]): Value {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** Makes the result of a node an output of the graph. It is called `name` from here on, within the graph too. */
  output(value: Value, name: string, type: ElementType, dims: readonly Dimension[]): void {
    const rename = (other: Value) => (other === value ? name : other);
    for (const node of this.nodes) {
      node.input = node.input.map(rename);
      node.output = node.output.map(rename);
    }
    this.outputs.push(valueInfo(name, type, dims));
  }

  /** A tensor whose bytes lie outside of the graph, in a file of its own that is called `location`. */
  external(name: string, type: ElementType, dims: readonly number[], location: string): Value {
    const externalData = [{ key: "location", value: location }];
    this.initializers.push(
      create(TensorProtoSchema, {
        name,
        dataType: DATA_TYPES[type],
        dims: dims.map(BigInt),
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData,
      }),
    );
    return name;
  }

  /** A small tensor inside the graph; equal ones are stored once. */
  constant(type: "float32" | "int64" | "uint8" | "int8", dims: readonly number[], values: readonly number[]): Value {
    const key = `${type}[${dims.join()}] ${values.join()}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = `${this.prefix}constant ${this.constants.size}`;
    const tensor = create(TensorProtoSchema, { name, dataType: DATA_TYPES[type], dims: dims.map(BigInt) });
    if (type === "float32") tensor.floatData = [...values];
    else if (type === "int64") tensor.int64Data = values.map(BigInt);
    else tensor.int32Data = [...values];
    this.initializers.push(tensor);
    this.constants.set(key, name);
    return name;
  }

  scalar(value: number): Value {
    return this.constant("float32", [], [value]);
  }

  ints(...values: number[]): Value {
    return this.constant("int64", [values.length], values);
  }

  toGraph(name: string): GraphProto {
    return create(GraphProtoSchema, { name, node: this.nodes, input: this.inputs, output: this.outputs, initializer: this.initializers });
  }

  /** The finished model as the bytes that a session is created from. */
  toModel(name: string): Uint8Array<ArrayBuffer> {
    const model = create(ModelProtoSchema, {
      irVersion: BigInt(Version.IR_VERSION_2024_3_25),
      producerName: "bge-m3-web",
      opsetImport: [
        { domain: "", version: OPSET_VERSION },
        { domain: CONTRIB_DOMAIN, version: 1n },
      ],
      graph: this.toGraph(name),
    });
    return new Uint8Array(toBinary(ModelProtoSchema, model));
  }

  private node(domain: string, type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>, outputCount: number): Value[] {
    const name = `${this.prefix}${this.count++} ${type}`;
    const output = Array.from({ length: outputCount }, (_, index) => (outputCount === 1 ? name : `${name} ${index}`));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
    this.nodes.push(create(NodeProtoSchema, { domain, opType: type, name, input: [...inputs], output, attribute }));
    return output;
  }
}

function valueInfo(name: string, type: ElementType, dims: readonly Dimension[]): ValueInfoProto {
  const dim = dims.map((size) => ({
    value: typeof size === "number" ? { case: "dimValue" as const, value: BigInt(size) } : { case: "dimParam" as const, value: size },
  }));
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: { elemType: DATA_TYPES[type], shape: { dim } } } } });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  const { INT, INTS, FLOAT, GRAPH } = AttributeProto_AttributeType;
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) });
  if (isList(value)) return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: GRAPH, g: value });
}

/** Array.isArray does not narrow a readonly array. */
function isList(value: object): value is readonly number[] {
  return Array.isArray(value);
}
