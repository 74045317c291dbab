/**
 * Writes the TypeScript of ONNX's protobuf schema: `npx tsx tools/onnx/generate.ts [OUT_DIR]`, by buf and protoc-gen-es, offline.
 * Run it after a change of src/graph/onnx-proto/onnx.proto or of protoc-gen-es; a test checks that the committed output is what it writes.
 */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const schema = path.join(root, "src/graph/onnx-proto");
const binary = (name: string) => path.join(root, "node_modules/.bin", name);

/** Generates `onnx_pb.ts` into the folder. */
export function generateOnnxTypes(outFolder: string): void {
  const template = { version: "v2", plugins: [{ local: binary("protoc-gen-es"), out: outFolder, opt: ["target=ts", "import_extension=ts"] }] };
  execFileSync(binary("buf"), ["generate", schema, "--template", JSON.stringify(template)], { stdio: ["ignore", "inherit", "inherit"] });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generateOnnxTypes(path.resolve(process.argv[2] ?? path.join(schema, "generated")));
