/** A training pair: what is looked for, what should be found, what should not. Texts are numbers in a StatesSource. */
export interface TrainingPair {
  readonly query: number;
  /** At least one; each epoch takes one of them. */
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  /** A teacher's scores of the positives and negatives; both or neither. */
  readonly positiveScores?: readonly number[] | undefined;
  readonly negativeScores?: readonly number[] | undefined;
  /** What the pair is about: the positives of pairs with the same id are no negatives of one another. */
  readonly id?: string | undefined;
  /** Batches are made of pairs of one group, such as one language: negatives in the same language are the hard ones. "" for none. */
  readonly group: string;
}
