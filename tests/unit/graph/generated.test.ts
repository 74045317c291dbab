/** The committed TypeScript of ONNX's schema is what the generator writes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { generateOnnxTypes } from "../../../tools/onnx/generate.ts";

it("generated/onnx_pb.ts is up to date with onnx.proto", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "onnx-types-"));
  try {
    generateOnnxTypes(folder);
    const committed = readFileSync("src/graph/onnx-proto/generated/onnx_pb.ts", "utf8");
    expect(readFileSync(path.join(folder, "onnx_pb.ts"), "utf8") === committed).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
