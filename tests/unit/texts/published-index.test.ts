import { describe, expect, it } from "vitest";
import { type PublishedIndex, parsePublishedIndex, writePublishedIndex } from "#texts/published-index.ts";

const index: PublishedIndex = {
  model: { name: "m3-mini", fingerprint: "abc" },
  languages: { en: { folder: "en-0a1b/", documents: 2, passages: 3, scripts: { Latin: 9 }, blobs: { meta: 10 } } },
};
const changed = (change: (value: Record<string, unknown>) => void) => {
  const value = JSON.parse(writePublishedIndex(index));
  change(value);
  return JSON.stringify(value);
};

describe("the list of a published index", () => {
  it("comes back as it was written", () => {
    expect(parsePublishedIndex(writePublishedIndex(index))).toEqual(index);
  });

  it.each([
    ["<!doctype html>", "it is not JSON"],
    ["{}", "it is not a site index"],
    [changed((value) => delete value.model), "it names no model"],
    [changed((value) => Object.assign(value, { languages: { en: { ...index.languages.en, folder: "../secret/" } } })), 'the language "en" is incomplete'],
    [changed((value) => Object.assign(value, { languages: { en: { ...index.languages.en, blobs: { meta: -1 } } } })), 'the language "en" is incomplete'],
  ])("is refused when damaged: %s", (text, message) => {
    expect(() => parsePublishedIndex(text)).toThrow(message);
  });

  it("is refused when newer", () => {
    expect(() => parsePublishedIndex(changed((value) => Object.assign(value, { version: 2 })))).toThrow("Update bge-m3-web");
  });
});
