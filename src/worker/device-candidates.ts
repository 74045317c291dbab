/** The ways to run a model on this machine, the preferred one first: what the runtime found, each backend with the arithmetic to fall back to. */
import type { DeviceChoice, PrecisionChoice } from "#core/device.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import { openSession } from "#runtime/open-session.ts";
import { type BackendStatus, listBackends } from "#runtime/probe.ts";
import type { Candidate } from "./choose-device.ts";

export interface CandidateOptions {
  readonly device: DeviceChoice;
  readonly threads: number | undefined;
  /** Default "default". */
  readonly precision?: PrecisionChoice | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

interface Variant {
  readonly variant: string;
  readonly precision?: "fp32" | "fp16";
  readonly subgroups?: false;
  readonly engine?: "bge-m3-web";
}

/**
 * What is tried in turn, the first that gives the right numbers counts. On WebGPU each has less of what drivers get wrong. On the CPU our own encoder comes before
 * ONNX Runtime, which is then not even downloaded.
 */
const VARIANTS: Readonly<Record<Candidate["backend"], readonly Variant[]>> = {
  webgpu: [{ variant: "" }, { variant: "without subgroups", subgroups: false }, { variant: "fp32", precision: "fp32", subgroups: false }],
  wasm: [{ variant: "", engine: "bge-m3-web" }, { variant: "ONNX Runtime" }, { variant: "ONNX Runtime in fp32", precision: "fp32" }],
};

/** Goes before the others where it is asked for. */
const HALF: Variant = { variant: "fp16", precision: "fp16" };

export async function deviceCandidates(model: LoadedModel, options: CandidateOptions): Promise<Candidate[]> {
  const { device, threads, precision, onProgress } = options;
  const statuses = await listBackends(device);
  const half = precision === "fp16" ? [halfCandidate(model, statuses, options)] : [];
  const candidates = statuses.flatMap((status): Candidate[] => {
    const { backend } = status;
    const isOnnx = model.manifest.kind === "onnx";
    const unavailable = isOnnx && backend === "webgpu" ? "an ONNX file runs on WebAssembly only" : reasonNotToTry(status, device);
    // There is one way to run an ONNX file.
    const variants = unavailable === null && !isOnnx ? VARIANTS[backend] : VARIANTS[backend].slice(0, 1);
    return variants.map(({ variant, ...how }) => ({
      backend,
      variant,
      unavailable,
      open: (signal) => openSession(model, { backend, ...how, threads, signal, onProgress }),
    }));
  });
  return [...half, ...candidates];
}

function halfCandidate(model: LoadedModel, statuses: readonly BackendStatus[], { device, threads, onProgress }: CandidateOptions): Candidate {
  const { variant, ...how } = HALF;
  const backend = "webgpu";
  return {
    backend,
    variant,
    unavailable: whyNotHalf(model, statuses, device),
    open: (signal) => openSession(model, { backend, ...how, threads, signal, onProgress }),
  };
}

function whyNotHalf({ manifest }: LoadedModel, statuses: readonly BackendStatus[], device: DeviceChoice): string | null {
  const webgpu = statuses.find(({ backend }) => backend === "webgpu");
  if (!webgpu) return "it is computed on WebGPU only, and WebAssembly was asked for";
  if (manifest.kind === "onnx") return "an ONNX file is run as it is";
  return reasonNotToTry(webgpu, device) ?? (webgpu.half ? null : `${webgpu.reason} has no shader-f16`);
}

function reasonNotToTry({ available, software, reason }: BackendStatus, device: DeviceChoice): string | null {
  if (!available) return reason;
  return software && device === "auto" ? `${reason} is software, and slower than WebAssembly` : null;
}
