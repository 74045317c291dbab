/** Lists the tensors of a safetensors file: 8 bytes of header length, a JSON header, the data. Reads the header only; tensors are read when asked for. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { JsonView } from "#core/json-view.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { CHECKPOINT_DTYPES, type CheckpointDtype, type CheckpointTensor, rowElements } from "./checkpoint-tensor.ts";
import type { CheckpointSource } from "./ports.ts";

/** Largest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

/** @throws InvalidCheckpointError for a truncated or inconsistent file */
export async function readSafetensors(source: CheckpointSource, file: string, options?: ReadOptions): Promise<CheckpointTensor[]> {
  const damaged = (reason: string, cause?: unknown) =>
    new InvalidCheckpointError(`${file} is not a whole safetensors file: ${reason}`, { file }, cause === undefined ? undefined : { cause });
  const fileBytes = await source.size(file);
  if (fileBytes < 8) throw damaged(`it has only ${fileBytes} bytes.`);
  const prefix = await source.read(file, 0, 8, options);
  const headerBytes = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes + 8 > fileBytes) {
    throw damaged(`its header would take ${headerBytes} bytes of a file of ${fileBytes}. Download it again.`);
  }
  const text = new TextDecoder().decode(await source.read(file, 8, headerBytes, options));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw damaged("its header is not JSON.", cause);
  }
  const dataStart = 8 + headerBytes;
  const dataBytes = fileBytes - dataStart;
  const tensors: CheckpointTensor[] = [];
  for (const [name, entry] of new JsonView(json, (reason) => damaged(reason)).entries()) {
    if (name === "__metadata__") continue;
    tensors.push(tensorOf(source, file, name, entry, dataStart, dataBytes));
  }
  return tensors;
}

function tensorOf(source: CheckpointSource, file: string, name: string, entry: JsonView, dataStart: number, dataBytes: number): CheckpointTensor {
  const dtype = entry.field("dtype").oneOf(Object.keys(CHECKPOINT_DTYPES) as CheckpointDtype[]);
  const shape = entry
    .field("shape")
    .items()
    .map((item) => item.integer(0));
  const offsets = entry.field("data_offsets");
  const [begin, end] = offsets.items().map((item) => item.integer(0));
  if (begin === undefined || end === undefined || begin > end) offsets.fail("two byte offsets in order");
  if (end > dataBytes) offsets.fail(`inside the ${dataBytes} bytes of data that the file has (download it again)`);
  const rowBytes = rowElements(shape) * CHECKPOINT_DTYPES[dtype];
  if (end - begin !== rowBytes * (shape[0] ?? 1)) offsets.fail(`${rowBytes * (shape[0] ?? 1)} bytes apart for ${dtype} [${shape}]`);
  return {
    name,
    file,
    dtype,
    shape,
    readRows: (first, count, options) => source.read(file, dataStart + begin + first * rowBytes, count * rowBytes, options),
  };
}
