import { describe, expect, it } from "vitest";
import { toModel } from "#client/model-source.ts";
import { publishedModels } from "#core/published-models.ts";

/** A file as an `<input webkitdirectory>` gives it. */
const file = (path: string) => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return Object.assign(new File([path], name), { webkitRelativePath: path });
};

describe("toModel", () => {
  it("leaves names and URLs as they are", () => {
    expect(toModel("m3-mini")).toBe("m3-mini");
  });

  it("takes the files beside the manifest that is nearest to the root", () => {
    const files = [file("all/models/a/manifest.json"), file("all/manifest.json"), file("all/one.safetensors"), file("all/models/a/two.safetensors")];
    expect(toModel(files)).toEqual({ files: [files[1], files[2]], paths: ["manifest.json", "one.safetensors"] });
    expect(toModel({ length: 2, 0: files[0], 1: files[3] })).toEqual({ files: [files[0], files[3]], paths: ["manifest.json", "two.safetensors"] });
  });

  it("takes files without a path", () => {
    const files = [new File(["{}"], "manifest.json"), new File([""], "one.safetensors")];
    expect(toModel(files)).toEqual({ files, paths: ["manifest.json", "one.safetensors"] });
  });

  it("takes all files below the config.json of a folder with a published ONNX file", () => {
    const files = [file("hub/config.json"), file("hub/onnx/model.onnx"), file("hub/tokenizer.json"), file("other/readme.md")];
    expect(toModel(files)).toEqual({ files: files.slice(0, 3), paths: ["config.json", "onnx/model.onnx", "tokenizer.json"] });
  });

  it("takes the entry of a published model", () => {
    const [entry] = publishedModels;
    expect(toModel(entry)).toEqual({ published: entry });
    expect(() => toModel({ ...entry, files: ["model.onnx"] })).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });

  it("refuses what is no folder of a model", () => {
    for (const source of [
      undefined,
      3,
      {},
      [],
      ["manifest.json"],
      [file("a/one.safetensors")],
      [file("a/config.json")],
      [file("a/model.onnx")],
      { kind: "file" },
    ]) {
      expect(() => toModel(source), JSON.stringify(source)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    }
  });
});
