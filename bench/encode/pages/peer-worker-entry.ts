/** The worker of peer-worker.ts. All dense vectors of a call cross as one transferred array: the cheapest way there is. */
import { expose, transfer } from "comlink";
import { openBrowserPeer } from "./browser-peer.ts";

const peer = openBrowserPeer();

const remote = {
  load: () => peer.load(),
  countTokens: (texts: readonly string[]) => peer.countTokens(texts),
  async encodeList(texts: readonly string[]): Promise<Float32Array> {
    const vectors = await peer.extract(texts);
    return transfer(vectors, [vectors.buffer]);
  },
};

export type RemotePeer = typeof remote;

expose(remote);
