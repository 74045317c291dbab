/** The languages of the corpus. */

export interface Language {
  /** BCP 47 tag, also the name of its files. */
  readonly code: string;
  /** Its name in itself. */
  readonly name: string;
  /** Its name in English, for screen readers and tooltips. */
  readonly englishName: string;
  readonly dir: "ltr" | "rtl";
}

export const languages: readonly Language[] = [
  { code: "en", name: "English", englishName: "English", dir: "ltr" },
  { code: "de", name: "Deutsch", englishName: "German", dir: "ltr" },
  { code: "el", name: "Ελληνικά", englishName: "Greek", dir: "ltr" },
  { code: "es", name: "Español", englishName: "Spanish", dir: "ltr" },
  { code: "fa", name: "فارسی", englishName: "Persian", dir: "rtl" },
  { code: "fr", name: "Français", englishName: "French", dir: "ltr" },
  { code: "ja", name: "日本語", englishName: "Japanese", dir: "ltr" },
  { code: "ko", name: "한국어", englishName: "Korean", dir: "ltr" },
  { code: "pt-BR", name: "Português (BR)", englishName: "Brazilian Portuguese", dir: "ltr" },
  { code: "ru", name: "Русский", englishName: "Russian", dir: "ltr" },
  { code: "zh-CN", name: "简体中文", englishName: "Simplified Chinese", dir: "ltr" },
];

const byCode = new Map(languages.map((language) => [language.code, language]));

/** @throws Error for a code that the corpus does not have: a mistake in this program. */
export function languageOf(code: string): Language {
  const language = byCode.get(code);
  if (!language) throw new Error(`The corpus has no language "${code}".`);
  return language;
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
