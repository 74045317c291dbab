/** What the frame around the parts shows. */
import type { Tab } from "./tab.ts";

/** Chromium's, which no standard has yet. */
export interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

export interface AppState {
  readonly tab: Tab;
  /** A new version waits until the reader takes it, or puts it off. */
  readonly update: "none" | "waiting" | "put off";
  /** Where the browser offers to install the page. */
  readonly install: InstallPrompt | null;
  /** The first visit to a host without headers: the service worker comes first, and the page is loaded once more. */
  readonly preparing: boolean;
}
