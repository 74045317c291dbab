/**
 * The MaxSim shader: one workgroup a document, one invocation a document token at a time, eight query tokens in registers.
 *
 * Rows come as words of u32 in whichever form they are stored; `load4` gives four numbers of a row as floats, so the loop is the same for all forms. int8 goes
 * through unpack4x8snorm (value / 127), which every WebGPU has, unlike the packed integer products.
 */
import type { TokenMatrix } from "./token-matrix.ts";

export const WORKGROUP_SIZE = 64;
/** Query tokens are filled up to a multiple of this, with weight 0. */
export const QUERY_TILE = 8;

const LOAD4: Readonly<Record<TokenMatrix["kind"], string>> = {
  float32: /* wgsl */ `
    let at = row + group * 4u;
    return bitcast<vec4f>(vec4u(vectors[at], vectors[at + 1u], vectors[at + 2u], vectors[at + 3u]));`,
  int8: /* wgsl */ `
    return unpack4x8snorm(vectors[row + group]);`,
  bits: /* wgsl */ `
    let signs = vectors[row + group / 8u] >> ((group % 8u) * 4u);
    return vec4f((vec4u(signs) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u)) * 2.0 - 1.0;`,
};

export function maxsimShader(kind: TokenMatrix["kind"]): string {
  return /* wgsl */ `
struct Shape {
  documents: u32,
  /** Documents in one row of workgroups. */
  across: u32,
  /** A multiple of ${QUERY_TILE}. */
  queries: u32,
  /** Numbers of a row / 4. */
  groups: u32,
  /** u32 of a stored row. */
  rowWords: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> query: array<vec4f>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> vectors: array<u32>;
@group(0) @binding(4) var<storage, read> factors: array<f32>;
/** First token of each document, and the end of the last one. */
@group(0) @binding(5) var<storage, read> starts: array<u32>;
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;

var<workgroup> found: array<array<f32, ${QUERY_TILE}>, ${WORKGROUP_SIZE}>;

fn load4(row: u32, group: u32) -> vec4f {${LOAD4[kind]}
}

@compute @workgroup_size(${WORKGROUP_SIZE})
fn maxsim(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let document = workgroup.y * shape.across + workgroup.x;
  if (document >= shape.documents) {
    return;
  }
  let first = starts[document];
  let end = starts[document + 1u];
  var total = 0.0;
  for (var tile = 0u; tile < shape.queries; tile += ${QUERY_TILE}u) {
    var best: array<f32, ${QUERY_TILE}>;
    for (var q = 0u; q < ${QUERY_TILE}u; q++) {
      best[q] = -3.0e38;
    }
    for (var token = first + lane; token < end; token += ${WORKGROUP_SIZE}u) {
      // With its value: Chromium 156 on SwiftShader does not clear a variable without one again in later rounds of the outer loop.
      var sums = array<f32, ${QUERY_TILE}>();
      let row = token * shape.rowWords;
      for (var group = 0u; group < shape.groups; group++) {
        let numbers = load4(row, group);
        for (var q = 0u; q < ${QUERY_TILE}u; q++) {
          sums[q] += dot(numbers, query[(tile + q) * shape.groups + group]);
        }
      }
      let factor = factors[token];
      for (var q = 0u; q < ${QUERY_TILE}u; q++) {
        best[q] = max(best[q], sums[q] * factor);
      }
    }
    found[lane] = best;
    workgroupBarrier();
    for (var half = ${WORKGROUP_SIZE / 2}u; half > 0u; half /= 2u) {
      if (lane < half) {
        for (var q = 0u; q < ${QUERY_TILE}u; q++) {
          found[lane][q] = max(found[lane][q], found[lane + half][q]);
        }
      }
      workgroupBarrier();
    }
    if (lane == 0u) {
      for (var q = 0u; q < ${QUERY_TILE}u; q++) {
        total += weights[tile + q] * found[0][q];
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    scores[document] = select(0.0, total, end > first);
  }
}
`;
}
