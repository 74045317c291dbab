/** The inverse of `read.ts`; the page itself does not use it. The same content gives the same bytes. */
import { align, type Header, MAGIC, type Sections, sectionNames } from "./format.ts";

export function writeVectors(header: Omit<Header, "lengths">, sections: Sections): Uint8Array {
  const lengths = Object.fromEntries(sectionNames.map((name) => [name, sections[name].length]));
  const encoder = new TextEncoder();
  const json = encoder.encode(JSON.stringify({ ...header, lengths }));
  const headerEnd = align(MAGIC.length + 4 + json.length);
  const total = sectionNames.reduce((end, name) => align(end) + sections[name].byteLength, headerEnd);
  const bytes = new Uint8Array(total);
  bytes.set(encoder.encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, headerEnd - MAGIC.length - 4, true);
  bytes.fill(0x20, MAGIC.length + 4, headerEnd).set(json, MAGIC.length + 4);
  let offset = headerEnd;
  for (const name of sectionNames) {
    const { buffer, byteOffset, byteLength } = sections[name];
    offset = align(offset);
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return bytes;
}
