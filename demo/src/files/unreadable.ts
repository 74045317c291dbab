/** Why a file is skipped. What is said about it: `t().files.reasons`. */
export type Reason = "kind" | "empty" | "large" | "notText" | "password" | "hidden" | "broken";

/** Ends the reading of one file, not of the others. */
export class Unreadable extends Error {
  readonly reason: Reason;
  /** What a parser said, where one did. */
  readonly detail: string;

  constructor(reason: Reason, detail = "") {
    super(`${reason}${detail && `: ${detail}`}`);
    this.reason = reason;
    this.detail = detail;
  }
}
