/** What the element says, by language. Sites add theirs with `messages`. */

export interface Messages {
  readonly label: string;
  readonly placeholder: string;
  readonly searching: string;
  readonly noResults: (query: string) => string;
  readonly results: (count: number) => string;
  readonly failed: string;
  readonly retry: string;
  /** Results are found by words; the model is not there (yet). */
  readonly byWords: string;
  readonly loadingModel: (percent: number) => string;
  readonly modelDeclined: string;
  readonly modelFailed: string;
  readonly loadModel: string;
  readonly better: string;
  readonly clear: string;
}

const english: Messages = {
  label: "Search",
  placeholder: "Search",
  searching: "Searching…",
  noResults: (query) => `Nothing found for “${query}”.`,
  results: (count) => (count === 1 ? "1 result" : `${count} results`),
  failed: "The search failed.",
  retry: "Try again",
  byWords: "Found by words.",
  loadingModel: (percent) => `Found by words. Search by meaning is loading: ${percent} %`,
  modelDeclined: "Found by words, to save data and memory.",
  modelFailed: "Found by words: search by meaning could not be loaded.",
  loadModel: "Search by meaning",
  better: "Show better results",
  clear: "Clear",
};

const korean: Messages = {
  label: "검색",
  placeholder: "검색",
  searching: "검색 중…",
  noResults: (query) => `“${query}”에 대한 결과가 없습니다.`,
  results: (count) => `결과 ${count}개`,
  failed: "검색하지 못했습니다.",
  retry: "다시 시도",
  byWords: "단어로 찾은 결과입니다.",
  loadingModel: (percent) => `단어로 찾은 결과입니다. 의미 검색을 불러오는 중: ${percent}%`,
  modelDeclined: "데이터와 메모리를 아끼려고 단어로만 찾았습니다.",
  modelFailed: "의미 검색을 불러오지 못해 단어로 찾았습니다.",
  loadModel: "의미로 검색",
  better: "더 나은 결과 보기",
  clear: "지우기",
};

const known: Readonly<Record<string, Messages>> = { en: english, ko: korean };

/** In the language of a BCP 47 tag where it is known, else in English. */
export function messagesFor(lang: string, own: Partial<Messages> = {}): Messages {
  return { ...(known[lang.toLowerCase().split("-")[0]!] ?? english), ...own };
}
