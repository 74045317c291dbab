/** The language of the interface: the reader's choice, else the browser's, else English. */
import { en, type Messages } from "./en.ts";
import { ko } from "./ko.ts";

export type InterfaceLanguage = "en" | "ko";

export const interfaceLanguages: Readonly<Record<InterfaceLanguage, Messages>> = { en, ko };

const KEY = "interface-language";

let current: InterfaceLanguage = "en";

/** What the page says, in its present language. Not to be kept: it may change. */
export function t(): Messages {
  return interfaceLanguages[current];
}

/** For Intl. */
export function locale(): InterfaceLanguage {
  return current;
}

/** The page says what it says in this language from now on; whoever has shown something shows it again. */
export function useLanguage(language: InterfaceLanguage): void {
  current = language;
  if (typeof document !== "undefined") document.documentElement.lang = language;
}

export function preferredLanguage(stored: string | null, preferred: readonly string[]): InterfaceLanguage {
  const wanted = [...(stored === null ? [] : [stored]), ...preferred].map((tag) => tag.toLowerCase().split("-")[0]!);
  return wanted.find((code): code is InterfaceLanguage => Object.hasOwn(interfaceLanguages, code)) ?? "en";
}

/** Null where nothing was chosen, or nothing can be stored. */
export function storedLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function storeLanguage(language: InterfaceLanguage): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Then it is chosen again at the next visit.
  }
}
