/** The page: settings in, a plan run, results shown as they come, and copied as text. */
import type { ModelSource } from "bge-m3-web";
import { deviceFacts } from "./device.ts";
import { type BackendFailure, type BackendResult, measure } from "./measure.ts";
import { type BackendName, LEAST_MS, type Plan, parseNumbers } from "./plan.ts";
import { backendFacts, type Fact, resultTable, toMarkdown } from "./table.ts";

const get = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const form = get<HTMLFormElement>("settings");
const [start, cancel, copy] = [get<HTMLButtonElement>("start"), get<HTMLButtonElement>("cancel"), get<HTMLButtonElement>("copy")];
const [status, problem, copied] = [get("status"), get("problem"), get("copied")];
const progress = get<HTMLProgressElement>("progress");
const markdown = get<HTMLTextAreaElement>("markdown");

// What scrolls is reached by the keyboard.
get("scroll").tabIndex = 0;

let controller: AbortController | undefined;

form.addEventListener("change", () => {
  get("folder-line").hidden = new FormData(form).get("model") !== "folder";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
cancel.addEventListener("click", () => controller?.abort());
copy.addEventListener("click", () => void copyResult());

/** Null, with the reason on the page, when something is missing. */
function readSettings(): { plan: Plan; model: ModelSource } | null {
  const data = new FormData(form);
  const [lengths, sizes] = [parseNumbers(get<HTMLInputElement>("lengths").value), parseNumbers(get<HTMLInputElement>("sizes").value)];
  const backends = data.getAll("backend") as BackendName[];
  const files = get<HTMLInputElement>("folder").files;
  const model = data.get("model") === "folder" ? files : "m3-mini";
  const wrong =
    (!lengths && "Tokens of a text: whole numbers from 1, with commas between them.") ||
    (!sizes && "Texts of a call: whole numbers from 1, with commas between them.") ||
    (backends.length === 0 && "Choose a backend.") ||
    (model !== "m3-mini" && !files?.length && "Choose the folder of a model.");
  showProblem(wrong || "");
  if (wrong || !lengths || !sizes || !model) return null;
  // Tests and the impatient: a shorter look.
  const wish = Number(new URL(location.href).searchParams.get("leastMs") ?? Number.NaN);
  return { plan: { backends, lengths, sizes, leastMs: Number.isNaN(wish) ? LEAST_MS : wish }, model };
}

async function run(): Promise<void> {
  const settings = readSettings();
  if (!settings) return;
  controller = new AbortController();
  const { signal } = controller;
  const results = new Map<BackendName, BackendResult | BackendFailure>();
  setRunning(true);
  let facts: Fact[] = [];
  const show = () => showResults([...facts, ...backendFacts([...results.values()])], [...results.values()]);
  try {
    await measure(settings.plan, {
      model: settings.model,
      signal,
      onProgress: (what, share) => {
        status.textContent = `${what} …`;
        progress.value = share;
      },
      onResult: (result) => {
        results.set(result.backend, result);
        show();
      },
    });
    status.textContent = "Done.";
  } catch (error) {
    status.textContent = signal.aborted ? "Cancelled. What was measured until then stays." : "";
    if (!signal.aborted) showProblem(error instanceof Error ? error.message : String(error));
  }
  setRunning(false);
  const [first] = [...results.values()].filter((result) => "info" in result);
  facts = await deviceFacts(first?.info, new Date());
  if (results.size > 0) show();
}

function setRunning(isRunning: boolean): void {
  start.disabled = isRunning;
  cancel.hidden = !isRunning;
  progress.hidden = !isRunning;
  for (const field of form.querySelectorAll("fieldset")) field.disabled = isRunning;
  if (isRunning) progress.value = 0;
  else if (document.activeElement === document.body) start.focus();
}

function showProblem(text: string): void {
  problem.textContent = text;
  problem.hidden = text === "";
}

function showResults(facts: readonly Fact[], results: readonly (BackendResult | BackendFailure)[]): void {
  const { columns, rows } = resultTable(results);
  get("device").replaceChildren(...facts.flatMap(({ name, value }) => [element("dt", name), element("dd", value)]));
  const head = element("thead");
  head.append(row("th", columns));
  const body = element("tbody");
  body.append(...rows.map((cells) => row("td", cells)));
  get("table").replaceChildren(head, body);
  markdown.value = toMarkdown(facts, { columns, rows });
  copied.textContent = "";
  get("results").hidden = false;
}

function row(kind: "th" | "td", cells: readonly string[]): HTMLElement {
  const line = element("tr");
  line.append(...cells.map((cell) => element(kind, cell)));
  return line;
}

function element(name: string, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

async function copyResult(): Promise<void> {
  try {
    await navigator.clipboard.writeText(markdown.value);
    copied.textContent = "Copied.";
  } catch {
    // Not allowed: the text is there to be copied by hand.
    markdown.closest("details")!.open = true;
    markdown.focus();
    markdown.select();
    copied.textContent = "This browser does not let the page copy: the text below is selected.";
  }
}
