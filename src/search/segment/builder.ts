/** Gathers documents in memory, already in the form in which they are stored, until they are written as one segment. */
import { InvalidInputError } from "#core/errors.ts";
import type { IndexDocument } from "../document.ts";
import type { FieldTypes } from "../fields/field-types.ts";
import { impactOf } from "../postings/impact.ts";
import type { IndexSettings } from "../settings.ts";
import { encodeRow } from "../vectors/dense-format.ts";
import { encodeTokens, sketchOf } from "../vectors/token-record.ts";
import { encodeDocument } from "./document-file.ts";
import type { SegmentSource, TermLists } from "./source.ts";

interface GrowingList {
  readonly documents: number[];
  readonly values: number[];
}

const MOST_COUNT = 255;

export class SegmentBuilder {
  readonly #settings: IndexSettings;
  readonly #records: Uint8Array[] = [];
  readonly #fields: IndexDocument["fields"][] = [];
  readonly #rows: Uint8Array[] = [];
  readonly #lexical = new Map<number, GrowingList>();
  readonly #words = new Map<number, GrowingList>();
  readonly #lengths: number[] = [];
  readonly #tokenRecords: Uint8Array[] = [];
  readonly #tokenCounts: number[] = [];
  #bytes = 0;

  constructor(settings: IndexSettings) {
    this.#settings = settings;
  }

  get documents(): number {
    return this.#records.length;
  }

  /** About how much is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param document checked */
  add(document: IndexDocument): void {
    const { dense, lexical, tokens, words } = this.#settings;
    const place = this.documents;
    this.#records.push(this.#count(encodeDocument({ id: document.id, stored: document.stored })));
    this.#fields.push(document.fields);
    if (dense) this.#rows.push(this.#count(encodeRow(document.dense!)));
    if (lexical) {
      for (const [term, weight] of Object.entries(document.lexical!)) {
        const impact = impactOf(weight);
        if (impact > 0) this.#post(this.#lexical, Number(term), place, impact);
      }
    }
    if (words) {
      const counts = countWords(document.words!);
      for (const [term, count] of counts) this.#post(this.#words, term, place, Math.min(count, MOST_COUNT));
      this.#lengths.push(document.words!.length);
    }
    if (tokens) {
      const { record, tokens: count } = encodeTokens(document.colbert!, tokens);
      this.#tokenRecords.push(this.#count(record));
      this.#tokenCounts.push(count);
    }
  }

  source(types: FieldTypes): SegmentSource {
    const { dense, lexical, tokens, words } = this.#settings;
    const used = new Set(this.#fields.flatMap((fields) => Object.keys(fields ?? {})));
    return {
      documents: this.documents,
      records: () => each(this.#records),
      fields: [...used].sort().map((name) => ({ name, type: typeOf(types, name), value: (document) => this.#fields[document]?.[name] })),
      denseRows: dense ? () => each(this.#rows) : null,
      lexical: lexical ? sortedLists(this.#lexical) : null,
      words: words ? { lists: sortedLists(this.#words), lengths: Uint32Array.from(this.#lengths) } : null,
      tokens: tokens && {
        counts: Uint16Array.from(this.#tokenCounts),
        records: () => each(this.#tokenRecords),
        sketches: tokens.form === "int8" ? () => each(this.#tokenRecords, (record) => sketchOf(record, tokens.dim)) : null,
      },
    };
  }

  #post(lists: Map<number, GrowingList>, term: number, document: number, value: number): void {
    const list = lists.get(term) ?? { documents: [], values: [] };
    lists.set(term, list);
    list.documents.push(document);
    list.values.push(value);
    this.#bytes += 16;
  }

  #count(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.length;
    return bytes;
  }
}

function countWords(words: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let place = 0; place < words.length; place++) counts.set(words[place]!, (counts.get(words[place]!) ?? 0) + 1);
  return counts;
}

function sortedLists(lists: ReadonlyMap<number, GrowingList>): TermLists {
  return {
    async *[Symbol.asyncIterator]() {
      for (const term of [...lists.keys()].sort((a, b) => a - b)) yield [term, lists.get(term)!] as const;
    },
  };
}

function typeOf(types: FieldTypes, name: string): FieldTypes[string] {
  const type = types[name];
  if (type === undefined) throw new InvalidInputError(`fields.${name}`, "a field whose type is known", name);
  return type;
}

async function* each<T>(items: readonly T[], change: (item: T) => T = (item) => item): AsyncGenerator<T> {
  for (const item of items) yield change(item);
}
