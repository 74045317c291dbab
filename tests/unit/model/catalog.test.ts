import { describe, expect, it } from "vitest";
import { manifestUrl, modelNames } from "#model/catalog.ts";

const BASE = "https://site.example/app/";

describe("manifestUrl", () => {
  it("puts a named model below the base URL, on the same origin", () => {
    for (const name of modelNames) expect(manifestUrl(name, BASE).href).toBe(`https://site.example/app/models/${name}/manifest.json`);
    expect(modelNames).toContain("m3-mini");
  });

  it.each([
    ["models/own/manifest.json", "https://site.example/app/models/own/manifest.json"],
    ["/models/own/", "https://site.example/models/own/manifest.json"],
    ["./own/model.v2.json?at=3", "https://site.example/app/own/model.v2.json?at=3"],
    ["https://files.example/m/manifest.json", "https://files.example/m/manifest.json"],
    ["https://files.example/m/", "https://files.example/m/manifest.json"],
  ])("takes %s as a path or URL", (model, expected) => {
    expect(manifestUrl(model, BASE).href).toBe(expected);
  });

  it.each(["bge-m4", "m3-mini2", "", "toString", "__proto__", "models/own", "http://["])('refuses "%s", and names what it knows', (model) => {
    expect(() => manifestUrl(model, BASE)).toThrow(expect.objectContaining({ code: "unknown-model", message: expect.stringContaining("m3-mini") }));
  });

  it("refuses a base URL that is none", () => {
    expect(() => manifestUrl("m3-mini", "models/")).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});
