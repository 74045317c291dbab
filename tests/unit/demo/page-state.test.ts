import { describe, expect, it } from "vitest";
import { readAddress, writeAddress } from "../../../demo/src/address.ts";
import { defaultLanguages } from "../../../demo/src/languages.ts";
import { defaultPreset, presetOf } from "../../../demo/src/presets.ts";

describe("the address", () => {
  it("comes back as it was written", () => {
    const state = { query: "소리가 안 나와요 & more", languages: ["ko", "pt-BR"], preset: presetOf("colbert") };
    expect(readAddress(writeAddress("?device=wasm", state))).toEqual({ ...state, device: "wasm" });
  });

  it("leaves out what is as usual, and what it does not know", () => {
    expect(writeAddress("?q=old", { query: "", languages: [], preset: defaultPreset })).toBe("");
    expect(readAddress("?lang=xx,en&rank=best&device=npu")).toEqual({ query: "", languages: ["en"], preset: defaultPreset, device: "auto" });
    expect(readAddress("?lang=xx").languages).toBeNull();
  });
});

describe("defaultLanguages", () => {
  it("takes the reader's first language that there is, and English", () => {
    expect(defaultLanguages(["ko-KR", "de"])).toEqual(["ko", "en"]);
    expect(defaultLanguages(["sv", "pt"])).toEqual(["pt-BR", "en"]);
    expect(defaultLanguages(["en-GB", "de"])).toEqual(["en"]);
    expect(defaultLanguages(["sv"])).toEqual(["en"]);
  });
});
