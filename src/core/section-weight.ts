/** Field of a document with its weight among the hits of a question (`data-m3-weight`), where that is not 1. */
export const WEIGHT_FIELD = "m3-weight";
