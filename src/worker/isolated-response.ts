/** The headers that a service worker adds so that a page is cross-origin isolated. */

/** How strict a page is about files of other origins: "require-corp" everywhere, "credentialless" where files come without a CORP header (not in Safari). */
export type EmbedderPolicy = "require-corp" | "credentialless";

/** The response with the headers that make a page cross-origin isolated: for service workers, on hosts that set none. */
export function isolatedResponse(response: Response, embedderPolicy: EmbedderPolicy = "require-corp"): Response {
  // What may not be looked into (a redirection on its way) cannot be made anew either.
  if (response.status === 0 || response.type === "error") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", embedderPolicy);
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
