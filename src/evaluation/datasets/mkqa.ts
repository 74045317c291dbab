/**
 * MKQA (Longpre et al. 2021) as M3-Embedding uses it: questions in one of 26 languages, the English passages of BEIR's NQ, and a passage is relevant when one of
 * the answers occurs in it. Two forms of the questions:
 *
 * - as published: mkqa.jsonl {"example_id", "queries": {LANG: text}, "answers": {LANG: [{"type", "text", "aliases"}]}}; the answers are the English ones
 * - as published for M3: LANG.jsonl {"id", "question", "answers": [text]}
 */
import { InvalidInputError } from "#core/errors.ts";
import type { Judgements } from "../judgements.ts";
import { readCorpus } from "./corpus.ts";
import type { CorpusText, LineSource } from "./dataset.ts";
import { type JsonRecord, jsonRecords, putNew } from "./records.ts";

export interface Question {
  readonly text: string;
  readonly answers: readonly string[];
}

const ANSWER_LANGUAGE = "en";
/** No passage can be told right by them: there is no answer, it is yes or no, or it is a whole paragraph. */
const UNUSABLE = new Set(["unanswerable", "binary", "long_answer"]);

/** BEIR's files have "_id", FlagEmbedding's copies "id". */
export async function readMkqaCorpus(sources: readonly LineSource[]): Promise<CorpusText[]> {
  return await readCorpus(sources, ["_id", "id"]);
}

/**
 * Questions without a usable answer are left out.
 * @param language which of the languages of mkqa.jsonl; not needed for the other form
 * @throws InvalidInputError
 */
export async function readMkqaQuestions(source: LineSource, language?: string): Promise<Map<string, Question>> {
  const questions = new Map<string, Question>();
  for await (const record of jsonRecords(source)) {
    const isPublished = record.has("example_id");
    const id = record.id(isPublished ? "example_id" : "id");
    const question = isPublished ? publishedQuestion(record, language) : { text: record.text("question"), answers: answerTexts(record, "answers") };
    if (question.answers.length > 0) putNew(questions, id, question, record.place);
  }
  return questions;
}

function publishedQuestion(record: JsonRecord, language: string | undefined): Question {
  const [queries, answers] = ["queries", "answers"].map((name) => record.value(name) as Record<string, unknown> | undefined);
  if (language === undefined) throw new InvalidInputError("language", `given, as ${record.place} has its question in many`, language);
  const text = queries?.[language];
  if (typeof text !== "string") throw record.error(`queries.${language}`, "a string", text);
  const entries = answers?.[ANSWER_LANGUAGE];
  if (!Array.isArray(entries)) throw record.error(`answers.${ANSWER_LANGUAGE}`, "a list", entries);
  return { text, answers: entries.filter(({ type }) => !UNUSABLE.has(type)).flatMap(({ text: answer, aliases = [] }) => (answer ? [answer, ...aliases] : [])) };
}

function answerTexts(record: JsonRecord, name: string): string[] {
  const value = record.value(name);
  if (!Array.isArray(value) || value.some((answer) => typeof answer !== "string")) throw record.error(name, "a list of strings", value);
  return value;
}

/** Which passages hold an answer to which question: for each question those of the corpus that are relevant, by id. */
export function judgeByAnswers(questions: ReadonlyMap<string, Question>, documents: readonly CorpusText[]): Map<string, Judgements> {
  const passages = documents.map(({ id, text }) => ({ id, words: inWords(text) }));
  const judged = new Map<string, Judgements>();
  for (const [id, { answers }] of questions) {
    const sought = answers.map(inWords).filter((words) => words.trim() !== "");
    const relevant = passages.filter(({ words }) => sought.some((answer) => words.includes(answer)));
    judged.set(id, new Map(relevant.map((passage) => [passage.id, 1])));
  }
  return judged;
}

/**
 * Words of a text, each with a blank on both sides, so that an answer is found where its words stand one after another. As in DPR's evaluation: decomposed,
 * lower case, runs of letters, digits and marks; anything else that can be seen is a word of one character.
 */
export function inWords(text: string): string {
  const words = text
    .normalize("NFD")
    .toLowerCase()
    .match(/[\p{L}\p{N}\p{M}]+|[^\p{Z}\p{C}]/gu);
  return ` ${(words ?? []).join(" ")} `;
}
