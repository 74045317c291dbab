/** Catches what ONNX Runtime prints when profiling ends. Import it before anything starts the runtime: it binds console.log when it does. */

const lines: string[] = [];
let catching = false;
const print = console.log.bind(console);
console.log = (...values: unknown[]) => {
  if (catching) lines.push(values.map(String).join(" "));
  else print(...values);
};

/** What is printed during `end`, line by line. */
export async function printedDuring(end: () => unknown): Promise<string> {
  lines.length = 0;
  catching = true;
  try {
    await end();
  } finally {
    catching = false;
  }
  return lines.join("\n");
}
