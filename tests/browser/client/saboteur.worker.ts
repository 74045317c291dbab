/**
 * The real worker, with somebody in it who breaks things when he is told: `saboteur.ts` has the other end. What he does lasts as long as the worker, so a worker
 * that replaces this one is well.
 */
import "../../../src/worker/entry.ts";

export type Sabotage =
  /** Destroys the newest GPU device at the next submit to it, in the middle of a run. */
  | "destroy-device"
  /** WebAssembly gets no more memory. */
  | "no-more-memory";

/** In the middle of the store's seventh write, half of which is done, the worker says "stopped" and does nothing any more. */
export type SabotageFromStart = "stop-in-write";

const devices: GPUDevice[] = [];
let destroying = false;

const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  devices.push(device);
  return device;
};

const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (commands) {
  const result = submit.call(this, commands);
  if (destroying) devices.at(-1)?.destroy();
  destroying = false;
  return result;
};

const sabotages: Readonly<Record<Sabotage, () => void>> = {
  "destroy-device": () => {
    destroying = true;
  },
  "no-more-memory": () => {
    WebAssembly.Memory.prototype.grow = () => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    };
  },
};

const channel = new BroadcastChannel(self.name);
channel.onmessage = ({ data }: MessageEvent<Sabotage>) => {
  channel.postMessage("done");
  sabotages[data]();
};

if (self.name.endsWith(" stop-in-write")) {
  // TypeScript's window library does not know what only workers have.
  type Write = (bytes: Uint8Array, options?: { readonly at: number }) => number;
  const { prototype } = (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: { write: Write } } }).FileSystemSyncAccessHandle;
  const { write } = prototype;
  let writes = 0;
  prototype.write = function (bytes, options) {
    if (++writes < 7) return write.call(this, bytes, options);
    write.call(this, bytes.subarray(0, bytes.length >> 1), options);
    channel.postMessage("stopped");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return 0;
  };
}
