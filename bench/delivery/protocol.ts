/** What a page of this bench can do: load the model as its users do, and answer the first query. */

export interface FirstAnswer {
  /** Tokens that the model read; null where the side does not tell. */
  readonly tokens: number | null;
  /** Which backend, in the side's own words. */
  readonly engine: string;
  /** The query's dense vector, to see that it is the right model. */
  readonly dense: readonly number[];
}

export interface DeliverySide {
  firstQuery(text: string): Promise<FirstAnswer>;
}
