/** Starts workers that can be broken from here. */
import type { Sabotage, SabotageFromStart } from "./saboteur.worker.ts";

/** @param fromStart what each worker suffers without being told */
export function sabotagedWorkers(fromStart: SabotageFromStart | "" = "") {
  const started: { readonly worker: Worker; readonly channel: BroadcastChannel }[] = [];
  return {
    started,
    worker: (): Worker => {
      const name = `saboteur-${crypto.randomUUID()} ${fromStart}`;
      const worker = new Worker(new URL("./saboteur.worker.ts", import.meta.url), { type: "module", name });
      started.push({ worker, channel: new BroadcastChannel(name) });
      return worker;
    },
    /** Resolves when the newest worker has heard it. */
    async order(sabotage: Sabotage): Promise<void> {
      const { channel } = started.at(-1)!;
      const heard = new Promise((resolve) => channel.addEventListener("message", resolve, { once: true }));
      channel.postMessage(sabotage);
      await heard;
    },
    /** Resolves when the newest worker has stopped where it was to stop. */
    stopped: () => new Promise((resolve) => started.at(-1)!.channel.addEventListener("message", resolve, { once: true })),
    /** Ends the newest worker, without any event: as a browser does that needs the memory. */
    kill: () => started.at(-1)!.worker.terminate(),
  };
}
