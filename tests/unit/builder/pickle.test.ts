import { describe, expect, it } from "vitest";
import { type PickleWorld, readPickle } from "#builder/torch/pickle.ts";

const world: PickleWorld = {
  refuse: (reason) => new Error(`refused: ${reason}`),
  resolveGlobal(module, name) {
    if (module === "known" && name === "sum") return (args: readonly unknown[]) => (args as number[]).reduce((sum, value) => sum + value, 0);
    if (module === "known" && name === "thing") return { thing: true };
    throw new Error(`unknown: ${module}.${name}`);
  },
  loadPersistent: (id) => ({ id }),
};

/** Bytes of numbers and of the characters of texts. */
const program = (...parts: (number | string)[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === "number" ? [part] : [...part].map((character) => character.charCodeAt(0)))));
const run = (...parts: (number | string)[]) => readPickle(program(...parts), world);

describe("readPickle", () => {
  // Bytes as `pickle.dumps(…, protocol=…)` of CPython 3.11 writes them.
  it.each<[string, (number | string)[], unknown]>([
    [
      "{'a': [1, 300, 70000, -1], 'b': (None, True, False)} (protocol 2)",
      [
        0x80,
        2,
        "}q",
        0,
        "(X",
        1,
        0,
        0,
        0,
        "aq",
        1,
        "]q",
        2,
        "(K",
        1,
        "M",
        44,
        1,
        "J",
        112,
        17,
        1,
        0,
        "J",
        255,
        255,
        255,
        255,
        "eX",
        1,
        0,
        0,
        0,
        "bq",
        3,
        "N",
        0x88,
        0x89,
        0x87,
        "q",
        4,
        "u.",
      ],
      new Map<string, unknown>([
        ["a", [1, 300, 70000, -1]],
        ["b", [null, true, false]],
      ]),
    ],
    [
      "{'x': 1.5} (protocol 4)",
      [0x80, 4, 0x95, 17, 0, 0, 0, 0, 0, 0, 0, "}", 0x94, 0x8c, 1, "x", 0x94, "G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, "s."],
      new Map([["x", 1.5]]),
    ],
    ["2**40", [0x80, 2, 0x8a, 6, 0, 0, 0, 0, 0, 1, "."], 2 ** 40],
    ["-2**33", [0x80, 2, 0x8a, 5, 0, 0, 0, 0, 0xfe, "."], -(2 ** 33)],
    ["() and a list by memo", [0x80, 2, ")", "0", "]q", 0, "h", 0, "K", 7, "a."], [7]],
  ])("reads %s", (_, parts, value) => {
    expect(run(...parts)).toEqual(value);
  });

  it("calls only what the world gives, and asks it for persistent objects", () => {
    expect(run("cknown\nsum\n", "K", 3, "K", 4, 0x86, "R.")).toBe(7);
    expect(run(0x8c, 5, "known", 0x8c, 3, "sum", 0x93, "K", 1, 0x85, "R.")).toBe(1);
    expect(run("K", 5, "Q.")).toEqual({ id: 5 });
    expect(() => run("cos\nsystem\n.")).toThrow("unknown: os.system");
  });

  it.each<[string, (number | string)[]]>([
    ["calling a thing that is not a function", ["cknown\nthing\n)R."]],
    ["calling with arguments that are no tuple", ["cknown\nsum\nK", 1, "R."]],
    ["INST, which imports and calls at once", ["(ios\nsystem\n."]],
    ["OBJ", ["(cknown\nsum\no."]],
    ["NEWOBJ", ["cknown\nthing\n)", 0x81, "."]],
    ["EXT1, a registered global", [0x82, 1, "."]],
    ["setting items of what is no dict", ["]K", 1, "K", 2, "s."]],
    ["appending to what is no list", ["}K", 1, "a."]],
    ["an empty stack", ["."]],
    ["no mark", ["K", 1, "t."]],
    ["a memo that was never stored", ["h", 9, "."]],
    ["an end without STOP", ["K", 1]],
    ["a string longer than the file", ["X", 255, 255, 255, 127, "abc."]],
    ["a line without end", ["cos\nsystem"]],
    ["importing without names", ["NN", 0x93, "."]],
  ])("refuses %s", (_, parts) => {
    expect(() => run(...parts)).toThrow("refused: ");
  });

  it("keeps __proto__ a plain key", () => {
    const value = run("}X", 9, 0, 0, 0, "__proto__", "K", 1, "s.");
    expect(value).toEqual(new Map([["__proto__", 1]]));
    expect({}).not.toHaveProperty("polluted");
  });
});
