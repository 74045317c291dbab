/**
 * Which backend runs the model: the fastest of those that give the right numbers.
 *
 * Every candidate has to pass the self-test first, since a backend may be fast and silently wrong. Where several backends pass, its short trial decides:
 * a small model may be faster on the CPU. What became of each is told in the {@link DeviceStory}.
 */
import { throwIfAborted } from "#core/abort.ts";
import type { DeviceAttempt, DeviceStory } from "#core/device.ts";
import { BackendError } from "#core/errors.ts";
import type { EncoderSession } from "#core/session.ts";
import type { SelfTestResult } from "#encoder/self-test.ts";

/** One way to run the model: a backend with one arithmetic. */
export interface Candidate {
  readonly backend: "webgpu" | "wasm";
  /** "" for the backend's own choice; otherwise what is special about it, such as "fp32". */
  readonly variant: string;
  /** Why it cannot even be tried; null when it can. */
  readonly unavailable: string | null;
  open(signal: AbortSignal | undefined): Promise<EncoderSession>;
}

/** Judges a session. Rejects only for reasons that are not the session's: an abort, or a part of the model that cannot be read. */
export type SelfTest = (session: EncoderSession, options: { readonly signal: AbortSignal | undefined; readonly measure: boolean }) => Promise<SelfTestResult>;

export interface ChosenDevice {
  readonly session: EncoderSession;
  readonly story: DeviceStory;
}

/** A candidate that gives the right numbers. */
interface Passed {
  readonly backend: Candidate["backend"];
  readonly session: EncoderSession;
  readonly reason: string;
  readonly tokensPerSecond: number | undefined;
}

/**
 * @param candidates in the order of preference; of one backend the first variant that passes counts
 * @throws BackendError with all attempts when none passes; what reading the model throws; the signal's reason
 */
export async function chooseDevice(candidates: readonly Candidate[], selfTest: SelfTest, signal?: AbortSignal): Promise<ChosenDevice> {
  const attempts: DeviceAttempt[] = [];
  const passed: Passed[] = [];
  // A trial takes time, and without a rival it decides nothing.
  const measure = new Set(candidates.filter(({ unavailable }) => unavailable === null).map(({ backend }) => backend)).size > 1;
  try {
    for (const candidate of candidates) {
      if (passed.some(({ backend }) => backend === candidate.backend)) continue;
      const result = await tryOut(candidate, (session) => selfTest(session, { signal, measure }), signal);
      if ("session" in result) passed.push(result);
      else attempts.push(result);
    }
    const winner = passed.reduce<Passed | undefined>(
      (best, one) => (best && (best.tokensPerSecond ?? 0) >= (one.tokensPerSecond ?? 0) ? best : one),
      undefined,
    );
    if (!winner) throw new BackendError(failure(attempts), { attempts });
    for (const { backend, session, reason, tokensPerSecond } of passed) {
      attempts.push({ backend, outcome: session === winner.session ? "chosen" : "slower", reason, tokensPerSecond });
      if (session !== winner.session) await session.dispose();
    }
    return { session: winner.session, story: tell(winner, attempts) };
  } catch (error) {
    await Promise.allSettled(passed.map(({ session }) => session.dispose()));
    throw error;
  }
}

async function tryOut(
  candidate: Candidate,
  selfTest: (session: EncoderSession) => Promise<SelfTestResult>,
  signal: AbortSignal | undefined,
): Promise<Passed | DeviceAttempt> {
  const { backend, variant, unavailable } = candidate;
  const told = (reason: string) => (variant === "" ? reason : `${variant}: ${reason}`);
  if (unavailable !== null) return { backend, outcome: "unavailable", reason: told(unavailable) };
  throwIfAborted(signal);
  let session: EncoderSession;
  try {
    session = await candidate.open(signal);
  } catch (error) {
    // Another backend cannot help with anything else: the model itself is missing, damaged or not understood.
    if (signal?.aborted || !(error instanceof BackendError)) throw error;
    return { backend, outcome: "failed", reason: told(String(error.fields.reason)) };
  }
  let result: SelfTestResult;
  try {
    result = await selfTest(session);
  } catch (error) {
    await session.dispose();
    throw error;
  }
  const { passed, detail, tokensPerSecond } = result;
  if (passed) return { backend, session, reason: told(detail), tokensPerSecond: tokensPerSecond ?? undefined };
  await session.dispose();
  return { backend, outcome: "failed", reason: told(`self-test: ${detail}`) };
}

function failure(attempts: readonly DeviceAttempt[]): string {
  if (attempts.length === 0) return "there is no backend to try.";
  return attempts.map(({ backend, reason }) => `${backend}: ${reason.replace(/\.?$/, ".")}`).join(" ");
}

const NAMES = { webgpu: "WebGPU", wasm: "WebAssembly", native: "the native runtime" } as const;

function tell({ session, backend }: Passed, attempts: readonly DeviceAttempt[]): DeviceStory {
  const { engine, precision, threads } = session.info;
  const others = attempts.filter((attempt) => attempt.outcome !== "chosen").map((attempt) => tellOther(attempt, backend));
  const why = [others.length > 0 ? others.join("; ") : `${NAMES[backend]} was asked for`, ...(backend === "wasm" ? [tellThreads(threads)] : [])];
  return { backend, engine, precision, threads, why: `${why.join("; ")}.`, attempts };
}

/** @param chosen another way to run the same backend is told by its own name, with which its reason begins */
function tellOther({ backend, outcome, reason }: DeviceAttempt, chosen: DeviceAttempt["backend"]): string {
  const text = reason.replace(/\.$/, "");
  if (outcome === "slower") return `Faster here than ${NAMES[backend]}`;
  const [, variant, rest] = /^([^:]+): (.*)$/s.exec(text) ?? [];
  if (outcome === "unavailable" && backend === chosen && variant !== undefined) return `${variant} is not to be had (${rest})`;
  return outcome === "unavailable" ? `${NAMES[backend]} is not to be had (${text})` : `${NAMES[backend]} failed (${text})`;
}

function tellThreads(threads: number): string {
  if (threads > 1) return `${threads} threads`;
  return globalThis.crossOriginIsolated ? "one thread" : "one thread, as the page is not cross-origin isolated";
}
