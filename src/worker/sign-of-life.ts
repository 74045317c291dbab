/**
 * Takes a Web Lock that this worker holds as long as it lives. A worker that the browser ends (no memory, a crash) gives the page no event, but its locks are
 * freed, and the page that waits for one knows at once, however long a batch may take.
 *
 * @returns when the lock is held; at once where there are no Web Locks
 */
export function holdForLife(lock: string): Promise<void> {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const keep = () => {
      resolve();
      return new Promise<never>(() => {});
    };
    locks.request(lock, keep).catch(reject);
  });
}
