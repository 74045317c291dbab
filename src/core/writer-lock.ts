/** The lock port: of all tabs that have a store open, one changes it at a time. The storage room has it on Web Locks; tests and single-process programs use one in memory. */

export interface WriterLock {
  /**
   * Runs the action while nobody else holds the lock of that name; waits for its turn. What the action throws is thrown.
   * @throws the signal's reason when it is aborted while waiting
   */
  withLock<T>(name: string, action: () => Promise<T>, options?: { readonly signal?: AbortSignal | undefined }): Promise<T>;
}

/** For what nobody else changes: a folder that was just made, an index that is only read. */
export const noLock: WriterLock = { withLock: (_, work) => work() };
