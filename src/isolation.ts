/** For a service worker of your own, as `bge-m3-web/isolation`: what `bge-m3-web/isolation-worker` does to responses. */
export { type EmbedderPolicy, isolatedResponse } from "#worker/isolated-response.ts";
