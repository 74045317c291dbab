/** Opens a model with the heads that it is to have, on the backend that passes the self-test. */
import type { DeviceChoice, DeviceStory, PrecisionChoice } from "#core/device.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import type { EmbeddingTable } from "#encoder/embedding-table.ts";
import { halvingSession } from "#encoder/halving-session.ts";
import { runSelfTest, type SelfTestOptions } from "#encoder/self-test.ts";
import { withHeads } from "#model/adapted-heads.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";
import { chooseDevice } from "./choose-device.ts";
import type { deviceCandidates } from "./device-candidates.ts";
import { ReadyModel } from "./ready-model.ts";
import { RecoveringSession } from "./recovering-session.ts";

export interface OpenReadyOptions {
  readonly base: LoadedModel;
  /** Null: the model's own. */
  readonly heads: Uint8Array<ArrayBuffer> | null;
  readonly tokenizer: Tokenizer | Promise<Tokenizer>;
  readonly embeddings: EmbeddingTable;
  readonly device: DeviceChoice;
  /** Why the backend was chosen, when the model was opened before: it holds as long as the same backend runs. */
  readonly story?: DeviceStory | undefined;
  readonly threads: number | undefined;
  readonly precision?: PrecisionChoice | undefined;
  readonly maxBatchTexts: number | undefined;
  readonly deviceCandidates: typeof deviceCandidates;
  readonly onDevice: (story: DeviceStory) => void;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener | undefined;
}

/** @throws BackendError when no backend runs it; InvalidManifestError for heads of another model; what reading the model throws; the signal's reason */
export async function openReady(options: OpenReadyOptions): Promise<ReadyModel> {
  const { base, heads, embeddings, device, threads, precision, onDevice } = options;
  const model = heads ? await withHeads(base, heads) : base;
  const choose = async (how: { readonly signal?: AbortSignal; readonly onProgress?: ProgressListener | undefined }) => {
    const candidates = await options.deviceCandidates(model, { device, threads, precision, onProgress: how.onProgress });
    const test = (session: EncoderSession, wanted: SelfTestOptions) => runSelfTest(session, embeddings, model.manifest, wanted);
    return await chooseDevice(candidates, test, how.signal).finally(() => model.tensors.release());
  };
  const [tokenizer, { session, story }] = await Promise.all([options.tokenizer, choose(options)]);
  const recovering = new RecoveringSession(session, { reopen: () => choose({}), onDevice });
  const known = options.story?.backend === story.backend && options.story.precision === story.precision ? options.story : story;
  return new ReadyModel({ base, model, heads, tokenizer, embeddings, session: halvingSession(recovering, options.maxBatchTexts), device: known });
}
