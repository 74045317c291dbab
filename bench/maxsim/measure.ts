/** Scores the same documents with our kernels, the peer and a plain loop, in turns, and keeps the best time of each. Runs in Node and in a page. */
import type { TokenVectors } from "#core/embedding.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import type { LoadedDocuments } from "#scoring/maxsim/backend.ts";
import { type FloatTokens, joinTokens, toBits, toInt8 } from "#scoring/maxsim/token-matrix.ts";
import { WasmMaxsim } from "#scoring/maxsim/wasm.ts";
import { meanVector } from "#scoring/quantize/bits.ts";
import { seededRandom } from "../harness/statistics.ts";
import { MaxsimWeb } from "./peer.ts";

export interface Shape {
  readonly documents: number;
  readonly tokens: number;
  readonly queryTokens: number;
  readonly dim: number;
  readonly rounds: number;
}

export interface Contender {
  readonly name: "float32" | "int8" | "1-bit" | "plain loop" | "maxsim-web";
  readonly bestMs: number;
  readonly medianMs: number;
  readonly bytesPerToken: number;
  /** Largest relative difference of a score to the plain loop's. */
  readonly worstError: number;
  readonly meanError: number;
}

export interface MaxsimFigures {
  readonly contenders: readonly Contender[];
}

export async function measureMaxsim(shape: Shape, peerWasm: Uint8Array | null): Promise<MaxsimFigures> {
  const random = seededRandom(1);
  const centres = Array.from({ length: 64 }, () => gaussian(shape.dim, random));
  const documents = Array.from({ length: shape.documents }, () => clustered(shape.tokens, shape.dim, centres, random));
  const query = clustered(shape.queryTokens, shape.dim, centres, random);
  const floats = joinTokens(documents, shape.dim);
  const backend = new WasmMaxsim(await Kernels.create());
  const peer = peerWasm && (await MaxsimWeb.create(peerWasm));
  peer?.load(floats.values, floats.counts, shape.dim);

  const ours = (loaded: LoadedDocuments) => () => loaded.score(query);
  const runs: { name: Contender["name"]; bytesPerToken: number; run: () => Promise<Float32Array>; times: number[]; scores: Float32Array }[] = [];
  const add = (name: Contender["name"], bytesPerToken: number, run: () => Promise<Float32Array>) =>
    runs.push({ name, bytesPerToken, run, times: [], scores: new Float32Array() });
  add("plain loop", shape.dim * 4, async () => plainLoop(query, floats));
  add("float32", shape.dim * 4, ours(backend.load(floats)));
  add("int8", shape.dim + 2, ours(backend.load(toInt8(floats))));
  add("1-bit", shape.dim / 8 + 2, ours(backend.load(toBits(floats, meanVector(floats.values, shape.dim)))));
  if (peer) {
    const scale = 1 / query.tokens;
    add("maxsim-web", shape.dim * 4, async () => peer.search(query.data, query.tokens).map((score) => score * scale));
  }
  // In turns, so that a busy moment of the machine hits all alike; the first round warms up.
  for (let round = 0; round <= shape.rounds; round++) {
    for (const contender of runs) {
      const started = performance.now();
      contender.scores = await contender.run();
      if (round > 0) contender.times.push(performance.now() - started);
    }
  }
  const exact = runs[0]?.scores ?? new Float32Array();
  return {
    contenders: runs.map(({ name, bytesPerToken, times, scores }) => {
      const errors = Array.from(scores, (score, index) => Math.abs(score / (exact[index] ?? Number.NaN) - 1));
      times.sort((a, b) => a - b);
      return {
        name,
        bytesPerToken,
        bestMs: times[0] ?? Number.NaN,
        medianMs: times[times.length >> 1] ?? Number.NaN,
        worstError: Math.max(...errors),
        meanError: errors.reduce((sum, error) => sum + error, 0) / errors.length,
      };
    }),
  };
}

/** What one writes without this package: three loops over typed arrays. */
function plainLoop(query: TokenVectors, { values, counts, dim }: FloatTokens): Float32Array {
  const scores = new Float32Array(counts.length);
  let first = 0;
  for (let document = 0; document < counts.length; document++) {
    const end = first + counts[document]! * dim;
    let sum = 0;
    for (let q = 0; q < query.tokens * dim; q += dim) {
      let best = Number.NEGATIVE_INFINITY;
      for (let token = first; token < end; token += dim) {
        let dot = 0;
        for (let index = 0; index < dim; index++) dot += query.data[q + index]! * values[token + index]!;
        if (dot > best) best = dot;
      }
      sum += best;
    }
    scores[document] = sum / query.tokens;
    first = end;
  }
  return scores;
}

function gaussian(dim: number, random: () => number): Float32Array {
  return Float32Array.from({ length: dim }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** Unit vectors around a few of the centres, as the tokens of a text are: half of the variance is the centre's. */
function clustered(tokens: number, dim: number, centres: readonly Float32Array[], random: () => number): TokenVectors {
  const data = new Float32Array(tokens * dim);
  for (let token = 0; token < tokens; token++) {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const vector = gaussian(dim, random).map((value, index) => value + centre[index]!);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    data.set(
      vector.map((value) => value / length),
      token * dim,
    );
  }
  return { data, tokens, dim };
}
