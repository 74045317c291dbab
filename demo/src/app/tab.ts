/** The parts of the demo. Which one is shown is in the page's address: ?tab=score. */

export const tabs = ["search", "score", "files", "device"] as const;
export type Tab = (typeof tabs)[number];

export function tabOf(search: string): Tab {
  const named = new URLSearchParams(search).get("tab");
  return tabs.find((tab) => tab === named) ?? "search";
}

/** The query string that shows a part; everything else in it stays. */
export function withTab(search: string, tab: Tab): string {
  const parameters = new URLSearchParams(search);
  if (tab === "search") parameters.delete("tab");
  else parameters.set("tab", tab);
  const text = parameters.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}
