/** The script of a further thread: waits for tasks in shared memory, and never returns to its event loop. Its owner ends it. */
import { Control } from "./control.ts";
import type { ForwardPass } from "./forward.ts";
import { instantiateKernels } from "./kernels.ts";
import type { ThreadStart } from "./threads.ts";

self.addEventListener("message", ({ data }: MessageEvent<ThreadStart>) => void work(data).catch((error: unknown) => self.reportError(error)), { once: true });

async function work({ module, memory, weights, control: address, index, threads }: ThreadStart): Promise<void> {
  const kernels = await instantiateKernels(module, memory);
  self.postMessage("ready");
  let control = new Control(memory, address);
  let run = 0;
  let forward: ForwardPass | undefined;
  for (;;) {
    const ticket = control.take();
    if (!ticket) {
      control.waitForTask();
      continue;
    }
    if (!forward || run !== control.run) {
      // The memory may have grown since the last batch.
      control = new Control(memory, address);
      run = control.run;
      forward = control.forwardPass(kernels, weights, threads);
    }
    forward.run(ticket.phase, ticket.task, index);
    control.finish();
  }
}
