/**
 * Which of the two forms of the relaxed products runs here: sums in 16 bits, or one instruction for product and sum. The second is one machine instruction
 * on processors with VNNI or ARM's dot products, and three elsewhere; JavaScript cannot ask which, so both are timed for some milliseconds. A form whose numbers are
 * wrong (an old engine has one) is not taken.
 *
 * Browsers compile a module twice: at once and simply, then again and well when it has run for a while. The simple code's times say little, so the engine asks again after
 * its first batches; batches need not agree on the form, for both give the same numbers. Only texts of more than 1,024 tokens attend in another way where dots are chosen
 * (forward.ts), which moves their results by less than the rounding of activations does.
 */
import { BackendError } from "#core/errors.ts";
import type { KernelFunctions, ModuleKind, QuantisedLinear } from "./kernels.ts";
import { aligned, type LinearMemory } from "./linear-memory.ts";
import { type ProductForm, withForm } from "./product-forms.ts";

const ROWS = 32;
const INPUTS = 256;
const OUTPUTS = 64;
const BLOCKS = INPUTS / 32;
/** Of each form, in turn: the fastest counts, for other work on the machine only ever makes one slower. */
const TRIALS = 12;
/** About half a millisecond: clocks of isolated pages have steps of 5 microseconds, others of a tenth of a millisecond. */
const RUNS_PER_TRIAL = 50;
/** What the other form must take at most of the first one's time: between equals the choice would change with the weather. */
const CLEARLY = 0.95;
/** Weights of the trial, less 8. */
const WEIGHT = (output: number, input: number) => ((output * 5 + input * 3) % 16) - 8;
const ACTIVATION = (row: number, input: number) => ((row * 7 + input * 11) % 255) - 127;

/**
 * Uses the memory above its end: not while a batch is computed.
 * @throws BackendError when no form gives the right numbers
 */
export function chooseProducts(kernels: KernelFunctions, kind: ModuleKind, memory: LinearMemory): ProductForm {
  if (kind === "plain") return "sums";
  const trial = layOut(kernels, memory);
  const forms = (["sums", "dots"] as const)
    .map((form) => ({ form, linear: withForm(kernels, form).linearBlocks, ms: Number.POSITIVE_INFINITY }))
    .filter(({ linear }) => trial.isRight(linear));
  for (let turn = 0; turn < TRIALS; turn++) {
    for (const one of forms) {
      const start = performance.now();
      for (let run = 0; run < RUNS_PER_TRIAL; run++) trial.run(one.linear);
      one.ms = Math.min(one.ms, performance.now() - start);
    }
  }
  const [first, second] = forms;
  if (!first) throw new BackendError("relaxed SIMD gives wrong numbers in this browser.", { backend: "wasm" });
  return second && second.ms < CLEARLY * first.ms ? second.form : first.form;
}

/** A product whose result is known, laid out above what the memory holds. */
function layOut(kernels: KernelFunctions, memory: LinearMemory) {
  let end = aligned(memory.end);
  const take = (bytes: number) => {
    const address = end;
    end = aligned(end + bytes);
    memory.require(end);
    return address;
  };
  const places = { x: take(ROWS * INPUTS * 4), act: take(ROWS * INPUTS), rowScales: take(ROWS * 8), offsets: take(ROWS * BLOCKS * 4) };
  const { x, act, rowScales, offsets } = places;
  const [weights, scales, bias, out] = [take(OUTPUTS * INPUTS), take(OUTPUTS * BLOCKS * 4), take(OUTPUTS * 4), take(ROWS * OUTPUTS * 4)];
  const sums = take(OUTPUTS * 4);
  const values = memory.float32(x, ROWS * INPUTS);
  const bytes = memory.uint8(weights, OUTPUTS * INPUTS);
  // A row reaches from -127 to 127, so that its scale is 1, its centre 0, and all numbers are whole.
  for (let row = 0; row < ROWS; row++)
    for (let input = 0; input < INPUTS; input++) values[row * INPUTS + input] = input < 2 ? (input === 0 ? 127 : -127) : ACTIVATION(row, input);
  for (let output = 0; output < OUTPUTS; output++) {
    for (let input = 0; input < INPUTS; input++) {
      bytes[(output - (output % 8)) * INPUTS + (input >> 2) * 32 + (output % 8) * 4 + (input & 3)] = WEIGHT(output, input) + 8;
    }
  }
  memory.float32(scales, OUTPUTS * BLOCKS).fill(1);
  memory.float32(bias, OUTPUTS).fill(0);
  kernels.quantiseBlocks(x, INPUTS * 4, ROWS, INPUTS, act, rowScales, offsets);
  const run = (linear: QuantisedLinear) => linear(act, offsets, rowScales, ROWS, weights, scales, bias, sums, INPUTS, OUTPUTS, out, OUTPUTS * 4);
  const expected = (row: number, output: number) => {
    let sum = 0;
    for (let input = 0; input < INPUTS; input++) sum += values[row * INPUTS + input]! * WEIGHT(output, input);
    return sum;
  };
  return {
    run,
    isRight(linear: QuantisedLinear) {
      const found = memory.float32(out, ROWS * OUTPUTS);
      found.fill(Number.NaN);
      run(linear);
      return found.every((value, index) => value === expected(Math.floor(index / OUTPUTS), index % OUTPUTS));
    },
  };
}
