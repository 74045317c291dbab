/**
 * Makes Comlink carry errors as {@link WireError}, with class, code and fields; its own "throw" handler keeps only name, message and stack. Both ends
 * of a worker boundary call it. The map is Comlink's `transferHandlers`, described by its shape, so that core needs no library.
 */
import { errorFromWire, errorToWire, type WireError } from "./error-wire.ts";

interface ThrowHandler {
  canHandle(value: unknown): boolean;
  serialize(value: unknown): [unknown, Transferable[]];
  deserialize(value: unknown): unknown;
}

interface HandlerMap {
  get(name: string): unknown;
  set(name: string, handler: ThrowHandler): unknown;
}

/** Replaces the handler for thrown values in a copy of Comlink that belongs to this package alone. */
export function carryErrors(transferHandlers: HandlerMap): void {
  const { canHandle } = transferHandlers.get("throw") as ThrowHandler;
  transferHandlers.set("throw", {
    canHandle,
    // Comlink wraps what was thrown as { value }.
    serialize: (thrown) => [errorToWire((thrown as { value: unknown }).value), []],
    deserialize: (wire) => {
      throw errorFromWire(wire as WireError);
    },
  });
}
