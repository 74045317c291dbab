/**
 * Lists the tensors of a file that torch.save wrote (pytorch_model.bin, sparse_linear.pt): a ZIP archive with a pickle `data.pkl` that describes the
 * tensors, and one record `data/<key>` of raw elements per storage. The pickle is read by a machine that executes nothing (pickle.ts); of
 * all names that it may import, only the few below that rebuild tensors mean anything. After PyTorch's torch/_utils.py and torch/serialization.py.
 */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { CHECKPOINT_DTYPES, type CheckpointDtype, type CheckpointTensor } from "../checkpoint-tensor.ts";
import type { CheckpointSource } from "../ports.ts";
import { type PickleCallable, type PickleValue, readPickle } from "./pickle.ts";
import { stridedRows } from "./strided.ts";
import { ZipIndex } from "./zip-index.ts";

const MAX_PICKLE_BYTES = 2 ** 26;

const STORAGE_DTYPES: Readonly<Record<string, CheckpointDtype>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** A class of torch.*Storage. */
class StorageType {
  readonly dtype: CheckpointDtype;
  constructor(dtype: CheckpointDtype) {
    this.dtype = dtype;
  }
}

class Storage {
  readonly dtype: CheckpointDtype;
  readonly key: string;
  constructor(dtype: CheckpointDtype, key: string) {
    this.dtype = dtype;
    this.key = key;
  }
}

class TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * The tensors of a state dict. Other entries of the dict (numbers, None) are left out.
 * @throws InvalidCheckpointError for a file of another format, a damaged one, or one whose pickle asks for anything but tensors
 */
export async function readTorchFile(source: CheckpointSource, file: string, options?: ReadOptions): Promise<CheckpointTensor[]> {
  await refuseOtherFormats(source, file, options);
  const zip = await ZipIndex.open(source, file, options);
  const pickleName = zip.names().find((name) => name.endsWith("/data.pkl"));
  if (!pickleName) throw new InvalidCheckpointError(`${file} has no record data.pkl: it is not a file of torch.save.`, { file });
  if (zip.size(pickleName)! > MAX_PICKLE_BYTES) throw new InvalidCheckpointError(`the pickle in ${file} is larger than ${MAX_PICKLE_BYTES} bytes.`, { file });
  const folder = pickleName.slice(0, -"data.pkl".length);
  await refuseBigEndian(zip, `${folder}byteorder`, file, options);
  const root = unpickle(await zip.read(pickleName, options), file);
  if (!(root instanceof Map)) throw new InvalidCheckpointError(`${file} holds no state dict (a dict of tensors by name).`, { file });
  const tensors: CheckpointTensor[] = [];
  for (const [name, value] of root) {
    if (typeof name === "string" && value instanceof TensorView) tensors.push(await tensorOf(source, file, zip, folder, name, value, options));
  }
  return tensors;
}

async function refuseOtherFormats(source: CheckpointSource, file: string, options?: ReadOptions): Promise<void> {
  const start = await source.read(file, 0, Math.min(4, await source.size(file)), options);
  if (start[0] === 0x50 && start[1] === 0x4b) return;
  throw new InvalidCheckpointError(
    `${file} is not a ZIP archive as torch.save writes since PyTorch 1.6. Load and save it again with a newer PyTorch, or save it as safetensors.`,
    { file },
  );
}

async function refuseBigEndian(zip: ZipIndex, record: string, file: string, options?: ReadOptions): Promise<void> {
  if (zip.size(record) === undefined) return;
  const order = new TextDecoder().decode(await zip.read(record, options));
  if (order !== "little") throw new InvalidCheckpointError(`${file} was saved with byte order "${order}"; only "little" is read.`, { file });
}

function unpickle(bytes: Uint8Array, file: string): PickleValue {
  const refuse = (reason: string) => new InvalidCheckpointError(`${file} cannot be read safely: ${reason}`, { file });
  return readPickle(bytes, {
    refuse,
    resolveGlobal(module, name) {
      const known = knownGlobal(module, name, refuse);
      if (known === undefined) {
        throw new InvalidCheckpointError(
          `${file} asks to import "${module}.${name}", which is not part of a tensor. Nothing was executed. Use a checkpoint in safetensors format.`,
          { file, global: `${module}.${name}` },
        );
      }
      return known;
    },
    loadPersistent(id) {
      const [kind, type, key] = Array.isArray(id) ? (id as PickleValue[]) : [];
      if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string") throw refuse("it refers to something that is not a storage.");
      return new Storage(type.dtype, key);
    },
  });
}

type Refuse = (reason: string) => Error;

function knownGlobal(module: string, name: string, refuse: Refuse): PickleCallable | StorageType | undefined {
  if (module === "torch" && Object.hasOwn(STORAGE_DTYPES, name)) return new StorageType(STORAGE_DTYPES[name]!);
  if (module === "collections" && name === "OrderedDict") return orderedDict(refuse);
  if (module === "torch._utils" && name === "_rebuild_tensor_v2") return rebuildTensor(refuse);
  if (module === "torch._utils" && name === "_rebuild_parameter") return ([tensor]) => tensor;
  return undefined;
}

/** `OrderedDict()` or `OrderedDict([[key, value], …])`. */
function orderedDict(refuse: Refuse): PickleCallable {
  return ([items = []]) => {
    if (!Array.isArray(items) || !items.every((item) => Array.isArray(item) && item.length === 2)) throw refuse("an OrderedDict is not made of pairs.");
    return new Map(items as [PickleValue, PickleValue][]);
  };
}

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)`. */
function rebuildTensor(refuse: Refuse): PickleCallable {
  const isCount = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);
  return ([storage, offset, shape, strides]) => {
    if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
      throw refuse("a tensor is described in a way that PyTorch does not write.");
    }
    return new TensorView(storage, offset, shape, strides);
  };
}

async function tensorOf(
  source: CheckpointSource,
  file: string,
  zip: ZipIndex,
  folder: string,
  name: string,
  { storage, offset, shape, strides }: TensorView,
  options?: ReadOptions,
): Promise<CheckpointTensor> {
  const record = `${folder}data/${storage.key}`;
  const dataOffset = await zip.dataOffset(record, options);
  const elementBytes = CHECKPOINT_DTYPES[storage.dtype];
  const isEmpty = shape.includes(0);
  const lastElement = offset + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  if (!isEmpty && (lastElement + 1) * elementBytes > zip.size(record)!) {
    throw new InvalidCheckpointError(`the tensor "${name}" in ${file} reaches beyond its storage of ${zip.size(record)} bytes.`, { file, tensor: name });
  }
  const readElements = (first: number, count: number, readOptions?: ReadOptions) =>
    source.read(file, dataOffset + first * elementBytes, count * elementBytes, readOptions);
  return { name, file, dtype: storage.dtype, shape, readRows: stridedRows({ elementBytes, offset, shape, strides }, readElements) };
}
