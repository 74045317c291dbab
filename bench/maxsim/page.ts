/** The measurement in a page: `measureMaxsim(shape, peerUrl)` on the window, for the bench to call. */
import { type MaxsimFigures, measureMaxsim, type Shape } from "./measure.ts";

declare global {
  interface Window {
    measureMaxsim(shape: Shape, peerUrl: string | null): Promise<MaxsimFigures>;
  }
}

window.measureMaxsim = async (shape, peerUrl) => {
  const wasm = peerUrl === null ? null : new Uint8Array(await (await fetch(peerUrl)).arrayBuffer());
  return await measureMaxsim(shape, wasm);
};
