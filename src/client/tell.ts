import type { ProgressEvent, ProgressListener } from "#core/progress.ts";

/** Tells a listener of progress. What it throws is reported as any other error in an event handler is: the call has nothing to do with it. */
export function tell(listener: ProgressListener | undefined, event: ProgressEvent): void {
  try {
    listener?.(event);
  } catch (error) {
    if (globalThis.reportError) globalThis.reportError(error);
    else console.error(error);
  }
}
