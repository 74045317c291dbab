import { MemoryStore } from "#storage/memory.ts";
import { describeByteStore } from "../../contract/byte-store.ts";

describeByteStore("memory", async () => {
  const store = new MemoryStore();
  return { store, again: async () => store };
});
