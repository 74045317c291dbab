/** The parts and the address belong together: links and the browser's back button choose a part, and the address names it. */
import type { Store } from "../store.ts";
import type { AppState } from "./state.ts";
import { type Tab, tabOf, withTab } from "./tab.ts";

export function followAddress(app: Store<AppState>): void {
  addEventListener("popstate", () => app.update({ tab: tabOf(location.search) }));
}

export function goTo(app: Store<AppState>, tab: Tab): void {
  if (tab === app.state.tab) return;
  history.pushState(null, "", `${location.pathname}${withTab(location.search, tab)}`);
  app.update({ tab });
  scrollTo({ top: 0 });
}

/** A link to a part that does not load the page again. */
export function followLink(event: Event, app: Store<AppState>, tab: Tab): void {
  const { button, ctrlKey, metaKey, shiftKey, altKey } = event as MouseEvent;
  if (button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return;
  event.preventDefault();
  goTo(app, tab);
}
