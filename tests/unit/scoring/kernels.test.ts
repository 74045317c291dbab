import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KERNELS_BYTES } from "#scoring/kernels/generated/kernels.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { generatedFile, generateKernels, kernelModules } from "../../../tools/build-kernels.ts";

describe("the generated module", () => {
  it("is what the assembly compiles to (npx tsx tools/build-kernels.ts)", async () => {
    expect(readFileSync(generatedFile(kernelModules.scoring), "utf8")).toBe(await generateKernels(kernelModules.scoring));
  });

  it("is small", () => {
    expect(KERNELS_BYTES).toBeLessThan(8_000);
  });
});

describe("the kernels' memory", () => {
  it("never hands out overlapping places, and gives all of them back", async () => {
    const kernels = await Kernels.create();
    const step = fc.oneof(fc.record({ take: fc.integer({ min: 0, max: 200_000 }) }), fc.record({ give: fc.nat() }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const places: { address: number; bytes: number; mark: number }[] = [];
        let mark = 0;
        for (const now of steps) {
          if ("take" in now) {
            const address = kernels.allocate(now.take);
            mark = (mark + 1) & 255;
            kernels.bytes(address, now.take).fill(mark);
            places.push({ address, bytes: now.take, mark });
            expect(address % 16).toBe(0);
          } else if (places.length > 0) {
            const [{ address, bytes, mark: expected }] = places.splice(now.give % places.length, 1) as [(typeof places)[0]];
            const view = kernels.bytes(address, bytes);
            expect([view[0] ?? expected, view.at(-1) ?? expected]).toEqual([expected, expected]);
            kernels.free(address);
          }
        }
        for (const { address, bytes, mark: expected } of places) {
          const view = kernels.bytes(address, bytes);
          expect([view[0] ?? expected, view.at(-1) ?? expected]).toEqual([expected, expected]);
          kernels.free(address);
        }
        expect(kernels.takenBytes).toBe(0);
      }),
      { numRuns: 200, seed: 1 },
    );
    // Everything was given back, so the memory is one gap again: it did not grow without end.
    expect(kernels.allocate(1_000_000)).toBe(1024);
  });

  it("refuses to free what it did not hand out", async () => {
    const kernels = await Kernels.create();
    const address = kernels.allocate(10);
    kernels.free(address);
    expect(() => kernels.free(address)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(() => kernels.free(16)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});
