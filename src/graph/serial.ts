/**
 * One queue for everything that enters ONNX Runtime, of all sessions of a worker or process: creating two sessions at once throws, two runs of one session at once hang, and runs of
 * two sessions at once mix up their GPU pipelines (onnxruntime-web 1.30.0). To be dropped when its own queue lets them wait.
 */
let tail: Promise<unknown> = Promise.resolve();

/** Runs the task after all earlier ones have ended, whether they succeeded or not. */
export function serially<T>(task: () => Promise<T>): Promise<T> {
  const result = tail.then(task);
  tail = result.catch(() => {});
  return result;
}
