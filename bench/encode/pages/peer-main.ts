/** The peer on the page's main thread, as in its README. */
import { openBrowserPeer } from "./browser-peer.ts";

Object.assign(globalThis, { bench: openBrowserPeer() });
