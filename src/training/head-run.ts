/**
 * One head over the texts of a batch, in sub-batches: M3-Embedding's way to a large batch in little memory (arXiv 2402.03216, section 3.4). The outputs of all
 * texts are kept, because every text is a negative of every other; the hidden states of a sub-batch are let go of, and read again for the gradients, which are
 * added up.
 */
import { backward, forward, type HeadPass, type TrainableHead } from "./head.ts";
import { type Floats, zerosLike } from "./matrix.ts";

/** Hidden states of a text, [tokens, hiddenSize] each. */
export interface TextInputs {
  readonly last: Floats;
  /** Null when no head reads them. */
  readonly first: Floats | null;
}

/** Texts `first` to `end` of a batch. */
export interface SubBatch {
  readonly first: number;
  readonly end: number;
}

/** Cuts texts into sub-batches of at most so many tokens; a longer text is one of its own. */
export function planSubBatches(lengths: readonly number[], tokenBudget: number): SubBatch[] {
  const plan: SubBatch[] = [];
  let first = 0;
  let tokens = 0;
  for (const [text, length] of lengths.entries()) {
    if (text > first && tokens + length > tokenBudget) {
      plan.push({ first, end: text });
      first = text;
      tokens = 0;
    }
    tokens += length;
  }
  if (first < lengths.length) plan.push({ first, end: lengths.length });
  return plan;
}

export class HeadRun {
  /** Rows of text t: `starts[t]` to `starts[t + 1]`. */
  readonly starts: readonly number[];
  /** [rows, outputs of the last layer] */
  readonly output: Floats;
  readonly #head: TrainableHead;
  readonly #tokens: readonly Int32Array[];
  readonly #outputs: number;
  readonly #inputs: number;
  readonly #hiddenSize: number;
  readonly #kept = new Map<SubBatch, HeadPass>();

  /** @param tokens of each text the places of those that the head sees @param hiddenSize a head with twice as many inputs reads first states too */
  constructor(head: TrainableHead, tokens: readonly Int32Array[], hiddenSize: number) {
    const starts = [0];
    for (const places of tokens) starts.push(starts.at(-1)! + places.length);
    this.starts = starts;
    this.#head = head;
    this.#tokens = tokens;
    this.#inputs = head[0]!.spec.inputs;
    this.#hiddenSize = hiddenSize;
    this.#outputs = head.at(-1)!.spec.outputs;
    this.output = zerosLike(head[0]!.weight, starts.at(-1)! * this.#outputs);
  }

  /**
   * @param states of each text of the sub-batch
   * @param keeps keep what the backward pass needs; otherwise it is computed again
   */
  forward(sub: SubBatch, states: readonly TextInputs[], keeps: boolean): void {
    const pass = forward(this.#head, this.#gather(sub, states), this.#rows(sub));
    this.output.set(pass.output, this.starts[sub.first]! * this.#outputs);
    if (keeps) this.#kept.set(sub, pass);
  }

  /** @param gradient of the loss by `output` */
  backward(sub: SubBatch, states: readonly TextInputs[], gradient: Floats): void {
    const pass = this.#kept.get(sub) ?? forward(this.#head, this.#gather(sub, states), this.#rows(sub));
    const begin = this.starts[sub.first]! * this.#outputs;
    const own = gradient.slice(begin, this.starts[sub.end]! * this.#outputs);
    const { rows, gradient: kept } = withGradient(pass, own, this.#outputs);
    backward(this.#head, rows, kept);
  }

  #rows({ first, end }: SubBatch): number {
    return this.starts[end]! - this.starts[first]!;
  }

  #gather(sub: SubBatch, states: readonly TextInputs[]): Floats {
    const width = this.#hiddenSize;
    const rows = zerosLike(this.output, this.#rows(sub) * this.#inputs);
    let at = 0;
    for (let text = sub.first; text < sub.end; text++) {
      const { last, first } = states[text - sub.first]!;
      for (const token of this.#tokens[text]!) {
        rows.set(last.subarray(token * width, (token + 1) * width), at);
        if (this.#inputs > width) rows.set(first!.subarray(token * width, (token + 1) * width), at + width);
        at += this.#inputs;
      }
    }
    return rows;
  }
}

/** The rows of a pass whose gradient is not all 0: in a ColBERT head those of tokens that were somebody's best match, a part of all. */
function withGradient(pass: HeadPass, gradient: Floats, outputs: number): { rows: HeadPass; gradient: Floats } {
  const used: number[] = [];
  for (let row = 0; row < pass.rows; row++) {
    let at = row * outputs;
    const end = at + outputs;
    while (at < end && gradient[at] === 0) at++;
    if (at < end) used.push(row);
  }
  const choose = (matrix: Floats) => {
    const width = matrix.length / pass.rows;
    const chosen = zerosLike(matrix, used.length * width);
    for (const [index, row] of used.entries()) chosen.set(matrix.subarray(row * width, (row + 1) * width), index * width);
    return chosen;
  };
  if (used.length === pass.rows) return { rows: pass, gradient };
  return { rows: { rows: used.length, inputs: pass.inputs.map(choose), output: choose(pass.output) }, gradient: choose(gradient) };
}
