/** A value that others can watch. */

export class Store<State extends object> {
  #state: State;
  readonly #listeners = new Set<(state: State, previous: State) => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  update(change: Partial<State>): void {
    const previous = this.#state;
    this.#state = { ...previous, ...change };
    for (const listener of this.#listeners) listener(this.#state, previous);
  }

  /** Called now, and after every change of one of the named fields, until the signal is aborted. */
  watch(fields: readonly (keyof State)[], listener: (state: State) => void, signal?: AbortSignal): void {
    const hear = (state: State, previous: State) => {
      if (fields.some((field) => state[field] !== previous[field])) listener(state);
    };
    this.#listeners.add(hear);
    signal?.addEventListener("abort", () => this.#listeners.delete(hear));
    listener(this.#state);
  }
}
