/** A link may lead to a page, and nowhere else: an index can come from a hostile page. */
export function safeUrl(url: string, base: string): string | null {
  try {
    const { protocol, href } = new URL(url, base);
    return protocol === "https:" || protocol === "http:" ? href : null;
  } catch {
    return null;
  }
}
