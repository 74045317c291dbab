/**
 * Where the members of a ZIP archive lie, read from its central directory; ZIP64 as well. Not an unpacker: PyTorch stores its records
 * uncompressed, so a member is a range of the file, and a compressed one is refused. (PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 to 4.5.3.)
 */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointSource } from "../ports.ts";

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64_SIGNATURE = 0x07064b50;
const LOCATOR64_BYTES = 20;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 0xffff;
const MAX_DIRECTORY_BYTES = 2 ** 26;
const ESCAPE_32 = 0xffffffff;
const ESCAPE_16 = 0xffff;
const ZIP64_EXTRA = 1;

interface Member {
  readonly bytes: number;
  readonly headerOffset: number;
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

export class ZipIndex {
  private readonly source: CheckpointSource;
  private readonly file: string;
  private readonly members: ReadonlyMap<string, Member>;

  private constructor(source: CheckpointSource, file: string, members: ReadonlyMap<string, Member>) {
    this.source = source;
    this.file = file;
    this.members = members;
  }

  /** @throws InvalidCheckpointError for a file that is not a whole ZIP archive of uncompressed members */
  static async open(source: CheckpointSource, file: string, options?: ReadOptions): Promise<ZipIndex> {
    const fileBytes = await source.size(file);
    const directory = await findDirectory(source, file, fileBytes, options);
    if (directory.bytes > MAX_DIRECTORY_BYTES || directory.offset + directory.bytes > fileBytes) throw truncated(file);
    const bytes = await source.read(file, directory.offset, directory.bytes, options);
    return new ZipIndex(source, file, parseDirectory(file, bytes, directory.entries));
  }

  names(): string[] {
    return [...this.members.keys()];
  }

  /** Size in bytes of a member; undefined when there is none of that name. */
  size(name: string): number | undefined {
    return this.members.get(name)?.bytes;
  }

  /** Where the bytes of a member begin in the file, which its local header tells. */
  async dataOffset(name: string, options?: ReadOptions): Promise<number> {
    const member = this.members.get(name);
    if (!member) throw new InvalidCheckpointError(`${this.file} has no record "${name}".`, { file: this.file, record: name });
    const fileBytes = await this.source.size(this.file);
    if (member.headerOffset + LOCAL_BYTES > fileBytes) throw truncated(this.file);
    const header = viewOf(await this.source.read(this.file, member.headerOffset, LOCAL_BYTES, options));
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE) throw truncated(this.file);
    const offset = member.headerOffset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
    if (offset + member.bytes > fileBytes) throw truncated(this.file);
    return offset;
  }

  /** The bytes of a member. */
  async read(name: string, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    const offset = await this.dataOffset(name, options);
    return this.source.read(this.file, offset, this.members.get(name)!.bytes, options);
  }
}

function truncated(file: string): InvalidCheckpointError {
  return new InvalidCheckpointError(`${file} is not a whole ZIP archive. Download it again.`, { file });
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function findDirectory(source: CheckpointSource, file: string, fileBytes: number, options?: ReadOptions): Promise<Directory> {
  const tailBytes = Math.min(fileBytes, LOCATOR64_BYTES + END_BYTES + MAX_COMMENT_BYTES);
  const tailOffset = fileBytes - tailBytes;
  const tail = viewOf(await source.read(file, tailOffset, tailBytes, options));
  let end = tailBytes - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END_SIGNATURE) end--;
  if (end < 0) throw truncated(file);
  const directory = { offset: tail.getUint32(end + 16, true), bytes: tail.getUint32(end + 12, true), entries: tail.getUint16(end + 10, true) };
  const locator = end - LOCATOR64_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== LOCATOR64_SIGNATURE) return directory;
  const end64Offset = Number(tail.getBigUint64(locator + 8, true));
  if (end64Offset + END64_BYTES > fileBytes) throw truncated(file);
  const end64 = viewOf(await source.read(file, end64Offset, END64_BYTES, options));
  if (end64.getUint32(0, true) !== END64_SIGNATURE) throw truncated(file);
  return { offset: Number(end64.getBigUint64(48, true)), bytes: Number(end64.getBigUint64(40, true)), entries: Number(end64.getBigUint64(32, true)) };
}

function parseDirectory(file: string, bytes: Uint8Array, entries: number): Map<string, Member> {
  const view = viewOf(bytes);
  const members = new Map<string, Member>();
  let offset = 0;
  for (let entry = 0; entry < entries; entry++) {
    if (offset + CENTRAL_BYTES > bytes.length || view.getUint32(offset, true) !== CENTRAL_SIGNATURE) throw truncated(file);
    const nameEnd = offset + CENTRAL_BYTES + view.getUint16(offset + 28, true);
    const extraEnd = nameEnd + view.getUint16(offset + 30, true);
    if (extraEnd > bytes.length) throw truncated(file);
    const name = new TextDecoder().decode(bytes.subarray(offset + CENTRAL_BYTES, nameEnd));
    if (view.getUint16(offset + 10, true) !== 0) {
      throw new InvalidCheckpointError(`the record "${name}" in ${file} is compressed, which torch.save never does. Load and save it again with PyTorch.`, {
        file,
        record: name,
      });
    }
    const extra = extraSizes(file, bytes.subarray(nameEnd, extraEnd));
    const bytesOrEscape = view.getUint32(offset + 24, true);
    const packedOrEscape = view.getUint32(offset + 20, true);
    const offsetOrEscape = view.getUint32(offset + 42, true);
    const memberBytes = bytesOrEscape === ESCAPE_32 ? extra() : bytesOrEscape;
    if (packedOrEscape === ESCAPE_32) extra();
    const headerOffset = offsetOrEscape === ESCAPE_32 ? extra() : offsetOrEscape;
    if (view.getUint16(offset + 34, true) !== 0 && view.getUint16(offset + 34, true) !== ESCAPE_16) throw truncated(file);
    members.set(name, { bytes: memberBytes, headerOffset });
    offset = extraEnd + view.getUint16(offset + 32, true);
  }
  return members;
}

/** Gives, one after another, the 64-bit numbers that stand for the escaped fields of a directory entry. */
function extraSizes(file: string, extra: Uint8Array): () => number {
  const view = viewOf(extra);
  let field = 0;
  while (field + 4 <= extra.length && view.getUint16(field, true) !== ZIP64_EXTRA) field += 4 + view.getUint16(field + 2, true);
  let next = field + 4;
  return () => {
    if (next + 8 > extra.length) throw truncated(file);
    next += 8;
    return Number(view.getBigUint64(next - 8, true));
  };
}
