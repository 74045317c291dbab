/**
 * Our own GPU device. ONNX Runtime would make one, but ours outlives its sessions, is shared with our kernels, has limits and features that we chose, and tells
 * us when it is lost.
 */
import { BackendError } from "#core/errors.ts";
import { describeAdapter, HALF_FEATURE, isSoftware, requestAdapter } from "./probe.ts";

/** A device asks for the adapter's own, where the default would be too small for the tensors of a large model. */
const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * ONNX Runtime's flash attention for subgroups handles 8 keys at a time whatever the size: with subgroups of 4 its results are wrong (1.30.0, 1.31-dev). It
 * has another kernel for devices without the feature. To be dropped when the kernel checks.
 */
const SMALLEST_SUBGROUP = 8;

export interface OwnDevice {
  readonly device: GPUDevice;
  /** For people. */
  readonly adapter: string;
  readonly subgroups: boolean;
}

export interface DeviceOptions {
  /** False leaves them out in any case; undefined decides by what the adapter tells. */
  readonly subgroups?: boolean | undefined;
  /** Whether shaders may compute with 16-bit floats. Default false. */
  readonly half?: boolean | undefined;
}

/** @throws BackendError when there is no adapter, it gives no device, or does not have what is asked for */
export async function openDevice({ subgroups, half = false }: DeviceOptions = {}): Promise<OwnDevice> {
  const adapter = await requestAdapter();
  if (!adapter) throw new BackendError("there is no WebGPU adapter.", { backend: "webgpu" });
  if (half && !adapter.features.has(HALF_FEATURE)) throw new BackendError(`${describeAdapter(adapter)} has no ${HALF_FEATURE}.`, { backend: "webgpu" });
  const withSubgroups = subgroups !== false && adapter.features.has("subgroups") && trustsSubgroups(adapter);
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures: GPUFeatureName[] = [...(withSubgroups ? (["subgroups"] as const) : []), ...(half ? ([HALF_FEATURE] as const) : [])];
  try {
    const device = await adapter.requestDevice({ label: "bge-m3-web", requiredFeatures, requiredLimits });
    return { device, adapter: describeAdapter(adapter), subgroups: withSubgroups };
  } catch (cause) {
    throw new BackendError(`the WebGPU adapter gave no device: ${String(cause)}`, { backend: "webgpu" }, { cause });
  }
}

/** Unknown sizes are trusted on hardware only: the self-test finds out, and software adapters are known for small ones. */
function trustsSubgroups(adapter: GPUAdapter): boolean {
  const smallest = adapter.info?.subgroupMinSize;
  return smallest ? smallest >= SMALLEST_SUBGROUP : !isSoftware(adapter);
}
