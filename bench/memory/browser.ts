/**
 * Chromium driven over the DevTools protocol's pipe, with no more of the protocol than is used. Playwright would not do here: it always enables the network
 * domain, and while that is on Chromium keeps the bodies of responses in the renderer, for a tool that may ask for them: some 200 MB of what was downloaded.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

export interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's answers have no types here
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** Where messages go on both sides: the child's descriptors 3 and 4. */
const SEPARATOR = "\0";

export class Browser {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: Message) => void>();
  readonly #listeners = new Set<(event: Message) => void>();
  #last = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const from = child.stdio[4] as Readable;
    let rest = "";
    from.setEncoding("utf8");
    from.on("data", (text: string) => {
      const messages = (rest + text).split(SEPARATOR);
      rest = messages.pop()!;
      for (const message of messages) this.#receive(JSON.parse(message));
    });
    child.once("exit", () => {
      for (const answer of this.#pending.values()) answer({ error: { message: "Chromium ended." } });
      this.#pending.clear();
    });
  }

  static async launch(executable: string, profile: string, flags: readonly string[]): Promise<Browser> {
    const own = ["--headless", "--remote-debugging-pipe", "--password-store=basic", "--no-default-browser-check", `--user-data-dir=${profile}`, "about:blank"];
    const child = spawn(executable, [...flags, ...own], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    await once(child, "spawn");
    return new Browser(child);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  send(method: string, params: object = {}, sessionId?: string): Promise<any> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
      (this.#child.stdio[3] as Writable).write(JSON.stringify({ id, method, params, sessionId }) + SEPARATOR);
    });
  }

  listen(listener: (event: Message) => void): void {
    this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    await this.send("Browser.close").catch(() => {});
    await ended;
  }

  #receive(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    this.#pending.get(message.id)?.(message);
    this.#pending.delete(message.id);
  }
}
