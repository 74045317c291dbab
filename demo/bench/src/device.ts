/** What this page can find out about the device: browsers tell little, on purpose. */
import type { ModelInfo } from "bge-m3-web";
import type { Fact } from "./table.ts";

export async function deviceFacts(info: ModelInfo | undefined, now: Date): Promise<Fact[]> {
  const { hardwareConcurrency, userAgent } = navigator;
  const memory = (navigator as { deviceMemory?: number }).deviceMemory;
  return [
    { name: "date", value: now.toISOString().slice(0, 10) },
    ...(info ? [{ name: "model", value: `${info.name}, ${info.dtype}, up to ${info.maxTokens} tokens, fingerprint ${info.fingerprint.slice(0, 16)}` }] : []),
    { name: "GPU", value: await describeGpu() },
    { name: "processor", value: `${hardwareConcurrency} cores${memory === undefined ? "" : `, ${memory} GB of memory or more`}` },
    { name: "page", value: crossOriginIsolated ? "cross-origin isolated" : "not cross-origin isolated: WebAssembly has one thread" },
    { name: "browser", value: userAgent },
  ];
}

async function describeGpu(): Promise<string> {
  if (!("gpu" in navigator)) return "this browser has no WebGPU";
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return "no WebGPU adapter";
  const { vendor, architecture, device, description } = adapter.info;
  const names = [...new Set([vendor, architecture, device, description].filter(Boolean))].join(" ");
  const kind = adapter.info.isFallbackAdapter ? ", in software" : "";
  return `${names || "does not tell its name"}${kind}${adapter.features.has("shader-f16") ? ", with 16-bit floats" : ""}`;
}
