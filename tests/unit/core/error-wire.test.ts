import { describe, expect, it } from "vitest";
import { errorFromWire, errorToWire } from "#core/error-wire.ts";
import * as errors from "#core/errors.ts";
import { CorruptShardError, DisposedError, InvalidInputError, M3Error } from "#core/errors.ts";

const acrossTheBoundary = (error: unknown) => errorFromWire(structuredClone(errorToWire(error)));

describe("errors on the wire", () => {
  it("keep class, code, fields and message", () => {
    const error = acrossTheBoundary(new InvalidInputError("options.maxLength", "a positive integer", 0));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toBeInstanceOf(M3Error);
    expect(error.name).toBe("InvalidInputError");
    expect((error as M3Error).code).toBe("invalid-input");
    expect((error as M3Error).fields).toEqual({ path: "options.maxLength", expected: "a positive integer", received: "0" });
    expect(error.message).toBe("options.maxLength must be a positive integer, but it is 0.");
  });

  it("keep the chain of causes", () => {
    const error = acrossTheBoundary(new M3Error("outer", "outer", {}, { cause: new CorruptShardError("a.safetensors", "5 bytes are missing.") }));
    expect(error.cause).toBeInstanceOf(CorruptShardError);
    expect((error.cause as M3Error).fields).toEqual({ file: "a.safetensors" });
  });

  it("keep an abort an abort", () => {
    const error = acrossTheBoundary(new DOMException("stopped", "AbortError"));
    expect(error).toBeInstanceOf(DOMException);
    expect(error.name).toBe("AbortError");
  });

  it("carry what is not an error as its text", () => {
    expect(acrossTheBoundary("plain string").message).toBe("plain string");
    expect(acrossTheBoundary(new TypeError("x is not a function")).name).toBe("TypeError");
  });

  it("end a cycle of causes", () => {
    const error = new DisposedError("model");
    Object.defineProperty(error, "cause", { value: error });
    let depth = 0;
    for (let at: unknown = acrossTheBoundary(error); at instanceof Error; at = at.cause) depth++;
    expect(depth).toBeLessThan(20);
  });
});

describe("every error class", () => {
  // Made with the first thing that fits all of their constructors.
  const samples = Object.entries(errors).flatMap(([name, value]: [string, unknown]): [string, M3Error][] => {
    if (typeof value !== "function" || !(value.prototype instanceof M3Error)) return [];
    return [[name, Reflect.construct(value, ["this.", ["that."], ["other."]])]];
  });

  it("has a code of its own", () => {
    expect(samples.length).toBeGreaterThan(10);
    expect(new Set(samples.map(([, { code }]) => code)).size).toBe(samples.length);
    for (const [, { code }] of samples) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it.each(samples)("%s is named so, says a sentence, and crosses as itself", (name, error) => {
    expect(error.name).toBe(name);
    expect(error.message).toMatch(/^\S.*\.$/);
    const arrived = acrossTheBoundary(error) as M3Error;
    expect(Object.getPrototypeOf(arrived)).toBe(Object.getPrototypeOf(error));
    expect([arrived.name, arrived.code, arrived.message, arrived.fields]).toEqual([name, error.code, error.message, error.fields]);
  });
});
