/**
 * What the threads agree by: a few words of the shared memory. The owner opens a phase, everybody takes its tasks by ticket until there are none left, and
 * the owner goes on when all are done. A thread that comes late finds no ticket, and sleeps on; nobody ever waits for one that has nothing to do.
 */
import type { OutputSelection } from "#core/session.ts";
import { type Batch, ForwardPass } from "./forward.ts";
import type { KernelFunctions } from "./kernels.ts";
import { PRODUCT_FORMS, withForm } from "./product-forms.ts";
import type { EncoderWeights } from "./weights.ts";
import { planWorkSpace } from "./work-space.ts";

/** Number of the phase in the upper bits, so that no two openings look alike; the next task in the lower ones. */
const TICKET = 0;
/** Tasks of the phase that are done. */
const DONE = 1;
const PHASE = 2;
const TASKS = 3;
/** Changes with every batch. */
const RUN = 4;
const TOKENS = 5;
const LONGEST = 6;
const BLOCK_ROWS = 7;
const OUTPUTS = 8;
const TEXTS = 9;
/** Address of the lengths; after them the work space. */
const LENGTHS = 10;
/** Place of the form of the products in PRODUCT_FORMS. */
const FORM = 11;

export const CONTROL_BYTES = 64;

const TASK_BITS = 20;
/** The next task of a phase that is closed. */
const CLOSED = 2 ** TASK_BITS - 1;
/** As often a thread looks for the next phase before it sleeps: some hundred microseconds, for phases follow each other closely. */
const LOOKS = 20_000;

/** A task that a thread has taken, and has to say that it is done. */
export interface Ticket {
  readonly phase: number;
  readonly task: number;
}

/** The words, as one thread sees them. They are in one memory with everything else, which may have grown: make it anew for each batch. */
export class Control {
  readonly #words: Int32Array;
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory, address: number) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer, address, CONTROL_BYTES / 4);
  }

  /** The owner's: to be called when no phase is open. */
  describe({ lengths, tokens, outputs, blockRows, form }: Batch, lengthsAt: number): void {
    new Int32Array(this.#memory.buffer, lengthsAt, lengths.length).set(lengths);
    const words = this.#words;
    words[TOKENS] = tokens;
    words[LONGEST] = Math.max(0, ...lengths);
    words[BLOCK_ROWS] = blockRows;
    words[OUTPUTS] = (outputs.dense ? 1 : 0) | (outputs.lexical ? 2 : 0) | (outputs.colbert ? 4 : 0);
    words[TEXTS] = lengths.length;
    words[LENGTHS] = lengthsAt;
    words[FORM] = PRODUCT_FORMS.indexOf(form);
    Atomics.add(words, RUN, 1);
  }

  get run(): number {
    return Atomics.load(this.#words, RUN);
  }

  /** The batch that `describe` has told of, from here. */
  forwardPass(kernels: KernelFunctions, weights: EncoderWeights, threads: number): ForwardPass {
    const words = this.#words;
    const [tokens, lengthsAt, bits] = [words[TOKENS]!, words[LENGTHS]! >>> 0, words[OUTPUTS]!];
    const lengths = Array.from(new Int32Array(this.#memory.buffer, lengthsAt, words[TEXTS]!));
    const outputs: OutputSelection = { dense: (bits & 1) !== 0, lexical: (bits & 2) !== 0, colbert: (bits & 4) !== 0 };
    const space = planWorkSpace(weights, { tokens, longest: words[LONGEST]! }, lengthsAt + lengths.length * 4, threads);
    const form = PRODUCT_FORMS[words[FORM]!]!;
    return new ForwardPass(withForm(kernels, form), this.#memory, weights, space, { lengths, tokens, outputs, blockRows: words[BLOCK_ROWS]!, form });
  }

  /** The owner's: the tasks of a phase are there to be taken. All of the phase before must be done. */
  open(phase: number, tasks: number): void {
    const words = this.#words;
    // A thread that has looked at the last phase's ticket must not take it for one of this phase.
    Atomics.or(words, TICKET, CLOSED);
    words[PHASE] = phase;
    words[TASKS] = tasks;
    Atomics.store(words, DONE, 0);
    const number = (Atomics.load(words, TICKET) >>> TASK_BITS) + 1;
    Atomics.store(words, TICKET, number << TASK_BITS);
    Atomics.notify(words, TICKET);
  }

  /** The owner's: no task is given out any more. @returns how many were */
  close(): number {
    const words = this.#words;
    const ticket = Atomics.or(words, TICKET, CLOSED);
    return Math.min(ticket & CLOSED, words[TASKS]!);
  }

  /** Null when there is none now. */
  take(): Ticket | null {
    const words = this.#words;
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      const task = ticket & CLOSED;
      if (task >= Atomics.load(words, TASKS)) return null;
      // While a task is taken and not done, nothing else changes: what is read now belongs to it.
      if (Atomics.compareExchange(words, TICKET, ticket, ticket + 1) === ticket && task < words[TASKS]!) return { phase: words[PHASE]!, task };
    }
  }

  /** Says that a taken task is done. */
  finish(): void {
    Atomics.add(this.#words, DONE, 1);
  }

  get done(): number {
    return Atomics.load(this.#words, DONE);
  }

  /** Looks for a task for a while, then sleeps until a phase opens. Only where a thread may block: not in a page. */
  waitForTask(): void {
    const words = this.#words;
    for (let look = 0; look < LOOKS; look++) {
      if ((Atomics.load(words, TICKET) & CLOSED) < Atomics.load(words, TASKS)) return;
    }
    const ticket = Atomics.load(words, TICKET);
    if ((ticket & CLOSED) >= Atomics.load(words, TASKS)) Atomics.wait(words, TICKET, ticket);
  }
}
