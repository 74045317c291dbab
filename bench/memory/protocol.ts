/** What the page of this bench can do, one step after another. */

export interface MemorySide {
  /** Loads a model on WASM and encodes a query: nothing is made ready later. */
  load(model: string): Promise<string>;
  /** Encodes so many different short texts, one after another, with all three heads. */
  encode(texts: number): Promise<void>;
  dispose(): Promise<void>;
}
