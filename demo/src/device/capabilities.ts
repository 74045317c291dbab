/** What this browser has of what models run on. */

export interface Capabilities {
  readonly isolated: boolean;
  readonly cores: number;
  /** Null: there is none. */
  readonly gpu: { readonly name: string; readonly isSoftware: boolean } | null;
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** JavaScript Promise Integration, with which WebAssembly may wait. */
  readonly jspi: boolean;
  readonly serviceWorker: boolean;
}

/** A function of one instruction of each kind: a browser that knows it, accepts the module. */
const modules = {
  // i8x16.popcnt (i8x16.splat 0)
  simd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  // i8x16.relaxed_swizzle of two splats
  relaxedSimd: [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
} as const;

export async function findCapabilities(): Promise<Capabilities> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  const info = adapter?.info;
  return {
    isolated: crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
    gpu: info ? { name: [info.vendor, info.architecture, info.description].filter((part) => part !== "").join(" "), isSoftware: info.isFallbackAdapter } : null,
    simd: WebAssembly.validate(Uint8Array.from(modules.simd)),
    relaxedSimd: WebAssembly.validate(Uint8Array.from(modules.relaxedSimd)),
    jspi: "Suspending" in WebAssembly,
    serviceWorker: navigator.serviceWorker?.controller != null,
  };
}
