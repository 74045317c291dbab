/** Counts what a library asks of the GPU, by standing between it and the browser's WebGPU. To be imported before the library makes a device. */

export interface GpuCounts {
  readonly dispatches: number;
  readonly submissions: number;
  /** Written into buffers from outside the GPU. */
  readonly uploadedBytes: number;
  /** Mapped for reading. */
  readonly readBackBytes: number;
  readonly pipelines: number;
  /** Buffers that were made and not destroyed, now. */
  readonly heldBytes: number;
}

const counts = { dispatches: 0, submissions: 0, uploadedBytes: 0, readBackBytes: 0, pipelines: 0, heldBytes: 0 };
const held = new WeakMap<GPUBuffer, number>();

/** What was counted since the last call; buffers that are held are not forgotten. */
export function takeCounts(): GpuCounts {
  const taken = { ...counts };
  Object.assign(counts, { dispatches: 0, submissions: 0, uploadedBytes: 0, readBackBytes: 0, pipelines: 0 });
  return taken;
}

/** Replaces a method by one that calls `before` with the same arguments, and `after` with the result. */
function watch<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  tell: (self: Target, args: unknown[], result: unknown) => void,
): void {
  const original = target[name] as (...args: unknown[]) => unknown;
  target[name] = function (this: Target, ...args: unknown[]) {
    const result = original.apply(this, args);
    tell(this, args, result);
    return result;
  } as Target[Name];
}

watch(GPUDevice.prototype, "createBuffer", (_, [descriptor], buffer) => {
  const { size, mappedAtCreation } = descriptor as GPUBufferDescriptor;
  counts.heldBytes += size;
  held.set(buffer as GPUBuffer, size);
  if (mappedAtCreation) counts.uploadedBytes += size;
});
watch(GPUBuffer.prototype, "destroy", (buffer) => {
  counts.heldBytes -= held.get(buffer) ?? 0;
  held.delete(buffer);
});
watch(GPUBuffer.prototype, "mapAsync", (buffer, [mode, offset, size]) => {
  const bytes = (size as number | undefined) ?? buffer.size - ((offset as number | undefined) ?? 0);
  if (mode === GPUMapMode.READ) counts.readBackBytes += bytes;
  else counts.uploadedBytes += bytes;
});
watch(GPUQueue.prototype, "writeBuffer", (_, [, , data, offset = 0, size]) => {
  const bytesPerUnit = ArrayBuffer.isView(data) ? ((data as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1) : 1;
  const all = (data as ArrayBufferView | ArrayBuffer).byteLength;
  counts.uploadedBytes += size === undefined ? all - (offset as number) * bytesPerUnit : (size as number) * bytesPerUnit;
});
watch(GPUQueue.prototype, "submit", () => counts.submissions++);
watch(GPUComputePassEncoder.prototype, "dispatchWorkgroups", () => counts.dispatches++);
watch(GPUComputePassEncoder.prototype, "dispatchWorkgroupsIndirect", () => counts.dispatches++);
watch(GPUDevice.prototype, "createComputePipeline", () => counts.pipelines++);
watch(GPUDevice.prototype, "createComputePipelineAsync", () => counts.pipelines++);
