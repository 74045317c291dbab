/** The interface's language, its numbers, and the addresses of its parts. */
import { afterEach, describe, expect, it } from "vitest";
import { tabOf, withTab } from "../../../demo/src/app/tab.ts";
import { bytes, decimal, duration, milliseconds, whole } from "../../../demo/src/i18n/format.ts";
import { interfaceLanguages, preferredLanguage, t, useLanguage } from "../../../demo/src/i18n/language.ts";
import { maxSim } from "../../../demo/src/score/story.ts";

afterEach(() => useLanguage("en"));

describe("the interface's language", () => {
  it("is the one that was chosen, else the browser's, else English", () => {
    expect(preferredLanguage("ko", ["en-US"])).toBe("ko");
    expect(preferredLanguage(null, ["de-DE", "ko-KR", "en"])).toBe("ko");
    expect(preferredLanguage("xx", ["fr"])).toBe("en");
  });

  it("leaves nothing unsaid", () => {
    const texts = (value: unknown): unknown[] => (typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [value]);
    for (const messages of Object.values(interfaceLanguages)) for (const text of texts(messages)) expect(text).not.toBe("");
    const keys = (value: unknown, path = ""): string[] =>
      typeof value === "object" && value !== null ? Object.entries(value).flatMap(([key, inner]) => keys(inner, `${path}.${key}`)) : [path];
    expect(keys(interfaceLanguages.ko)).toEqual(keys(interfaceLanguages.en));
  });

  it("writes numbers, sizes and times", () => {
    expect([whole(1234), decimal(0.5, 3), bytes(265), bytes(1_400_000), bytes(10.8e9), milliseconds(3.21)]).toEqual([
      "1,234",
      "0.500",
      "0.3 kB",
      "1.4 MB",
      "10.8 GB",
      "3.2 ms",
    ]);
    expect([duration(200), duration(61_000), duration(200_000)]).toEqual(["1 second", "61 seconds", "3 minutes"]);
    useLanguage("ko");
    expect(duration(200_000)).toBe("3분");
    expect(t().files.added(2, whole(2))).toBe("파일 2개를 추가했습니다.");
  });
});

describe("addresses of parts", () => {
  it("name the part, and keep everything else", () => {
    expect(withTab("?q=a&lang=en,ko", "score")).toBe("?q=a&lang=en,ko&tab=score");
    expect(withTab("?q=a&tab=score", "search")).toBe("?q=a");
    expect(withTab("?tab=score", "search")).toBe("");
    expect(["?tab=files", "?tab=nonsense", ""].map(tabOf)).toEqual(["files", "search", "search"]);
  });
});

describe("maxSim", () => {
  it("has all products, and the best column of each row", () => {
    const rows = { data: Float32Array.of(1, 0, 0, 1), tokens: 2, dim: 2 };
    const columns = { data: Float32Array.of(0.5, 0.25, 0, 1, 1, 0), tokens: 3, dim: 2 };
    expect(maxSim(rows, columns)).toEqual({ similarities: Float32Array.of(0.5, 0, 1, 0.25, 1, 0), best: Int32Array.of(2, 1) });
  });
});
