/** Files that were dropped or chosen, those in folders too, with their paths. */

export interface PickedFile {
  /** Below what was dropped or chosen: "notes/2024/list.md". */
  readonly path: string;
  readonly file: File;
}

export function chosenFiles(list: FileList | null): PickedFile[] {
  return [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** To be called at once in the event: what was dropped is gone after it. */
export function droppedFiles(transfer: DataTransfer): Promise<PickedFile[]> {
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const walks = entries.map(async (entry) => {
    if (entry === null) return [];
    return entry instanceof File ? [{ path: entry.name, file: entry }] : await walk(entry);
  });
  return Promise.all(walks).then((lists) => lists.flat());
}

async function walk(entry: FileSystemEntry): Promise<PickedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PickedFile[] = [];
  // A folder is told in portions, the last of which is empty.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return found;
    for (const child of portion) if (!child.name.startsWith(".")) found.push(...(await walk(child)));
  }
}
