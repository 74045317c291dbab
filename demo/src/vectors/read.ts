/** A vector file's bytes as arrays: views, not copies. */
import { align, type Header, MAGIC, type SectionName, type Sections, sectionNames, sectionTypes } from "./format.ts";

export interface PageVectors extends Header {
  readonly sections: Sections;
}

const HEADER_AT = MAGIC.length + 4;

/** @throws Error when it is not such a file, or a part of one. */
export function readVectors(bytes: ArrayBuffer): PageVectors {
  const magic = new TextDecoder().decode(bytes.slice(0, MAGIC.length));
  if (magic !== MAGIC) throw new Error("This is not a file of page vectors.");
  const headerBytes = new DataView(bytes).getUint32(MAGIC.length, true);
  const header: Header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, HEADER_AT, headerBytes)));
  let offset = HEADER_AT + headerBytes;
  const take = (name: SectionName) => {
    offset = align(offset);
    const section = new sectionTypes[name](bytes, offset, header.lengths[name]);
    offset += section.byteLength;
    return [name, section] as const;
  };
  return { ...header, sections: Object.fromEntries(sectionNames.map(take)) as unknown as Sections };
}
