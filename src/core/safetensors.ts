/** Safetensors files: written with always the same bytes for the same tensors in the same order, and those read again. */
import { tensorBytes } from "./tensor-layout.ts";
import type { StoredTensor, TensorDtype } from "./tensor-source.ts";

export interface NamedTensor extends StoredTensor {
  readonly name: string;
}

/** A safetensors file, and where the data of each tensor begins in it, in the order given. */
export interface SafetensorsFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: readonly number[];
}

/** The data follows the header in the order given, without gaps, and begins at a multiple of `alignment` (a multiple of 8). */
export function writeSafetensors(tensors: readonly NamedTensor[], alignment = 8): SafetensorsFile {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    if (bytes.length !== tensorBytes(dtype, shape)) throw new Error(`${name}: ${bytes.length} bytes are not ${dtype} [${shape}].`);
    if (Object.hasOwn(header, name)) throw new Error(`${name} is there twice.`);
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const dataStart = Math.ceil((8 + json.length) / alignment) * alignment;
  const file = new Uint8Array(dataStart + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  file.fill(0x20, 8, dataStart);
  file.set(json, 8);
  const offsets: number[] = [];
  let offset = dataStart;
  for (const { bytes } of tensors) {
    file.set(bytes, offset);
    offsets.push(offset);
    offset += bytes.length;
  }
  return { bytes: file, offsets };
}

/**
 * The tensors of a safetensors file that lies in memory whole: views of its bytes. For files of our own; `builder` reads those of others.
 * @throws RangeError when it is cut or no such file
 */
export function readTensors(file: Uint8Array): NamedTensor[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const dataStart = file.length < 8 ? Number.POSITIVE_INFINITY : 8 + Number(view.getBigUint64(0, true));
  if (dataStart > file.length) throw new RangeError("it is cut.");
  const header: Record<string, { dtype: TensorDtype; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(file.subarray(8, dataStart)),
  );
  return Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      const bytes = file.subarray(dataStart + from, dataStart + to);
      if (bytes.length !== tensorBytes(dtype, shape)) throw new RangeError(`it is cut in "${name}".`);
      return { name, dtype, shape, bytes };
    },
  );
}
