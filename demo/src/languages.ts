/** The languages of the corpus. */
import { locale } from "./i18n/language.ts";

export interface Language {
  /** BCP 47 tag, also the name of its files. */
  readonly code: string;
  /** Its name in itself. */
  readonly name: string;
  readonly dir: "ltr" | "rtl";
}

export const languages: readonly Language[] = [
  { code: "en", name: "English", dir: "ltr" },
  { code: "de", name: "Deutsch", dir: "ltr" },
  { code: "el", name: "Ελληνικά", dir: "ltr" },
  { code: "es", name: "Español", dir: "ltr" },
  { code: "fa", name: "فارسی", dir: "rtl" },
  { code: "fr", name: "Français", dir: "ltr" },
  { code: "ja", name: "日本語", dir: "ltr" },
  { code: "ko", name: "한국어", dir: "ltr" },
  { code: "pt-BR", name: "Português (BR)", dir: "ltr" },
  { code: "ru", name: "Русский", dir: "ltr" },
  { code: "zh-CN", name: "简体中文", dir: "ltr" },
];

const byCode = new Map(languages.map((language) => [language.code, language]));

/** @throws Error for a code that the corpus does not have: a mistake in this program. */
export function languageOf(code: string): Language {
  const language = byCode.get(code);
  if (!language) throw new Error(`The corpus has no language "${code}".`);
  return language;
}

/** A language's name in the interface's language, for screen readers and tooltips. */
export function languageName(code: string): string {
  return new Intl.DisplayNames(locale(), { type: "language" }).of(code) ?? code;
}

export function isLanguage(code: string): boolean {
  return byCode.has(code);
}

/** The reader's first language that the corpus has, and English. */
export function defaultLanguages(preferred: readonly string[]): string[] {
  const own = preferred.map((tag) => languages.find(({ code }) => primary(code) === primary(tag))).find((language) => language !== undefined);
  return [...new Set([own?.code ?? "en", "en"])];
}

function primary(tag: string): string {
  return tag.toLowerCase().split("-")[0]!;
}
