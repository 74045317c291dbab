/** The model whose heads are trained on the reader's files, and whether it is the one that searches them. */
import { M3 } from "bge-m3-web";
import { readAddress } from "../address.ts";
import { MODEL } from "../loading/model.ts";

const KEY = "files-adapted";

/** With the heads that were trained at an earlier visit, where there are any. */
export function loadTrainee(): Promise<M3> {
  return M3.load(MODEL, { heads: "adapted", device: readAddress(location.search).device });
}

export function isAdapted(): boolean {
  return localStorage.getItem(KEY) !== null;
}

export function setAdapted(adapted: boolean): void {
  if (adapted) localStorage.setItem(KEY, "yes");
  else localStorage.removeItem(KEY);
}
