import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

const CR = 0x0d;

/** A file's bytes as they count and as they run, or what is wrong with them. */
export type NormalText =
  | { readonly bytes: Buffer; readonly fault?: never }
  | { readonly fault: string; readonly bytes?: never };

/** UTF-8 without BOM, line ends as LF. Faults name the byte, counted from 0. */
export function normalise(raw: Buffer): NormalText {
  if (raw.length >= 2) {
    const mark = raw.readUInt16BE(0);
    if (mark === 0xfffe || mark === 0xfeff) return { fault: 'is UTF-16, not UTF-8 (byte 0)' };
  }
  const nul = raw.indexOf(0);
  if (nul !== -1) {
    return { fault: nul < 2 ? `is UTF-16, not UTF-8 (byte ${nul})` : `holds a NUL at byte ${nul}` };
  }
  if (!isUtf8(raw)) return { fault: `is not UTF-8 at byte ${firstInvalidByte(raw)}` };
  const bytes = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? raw.subarray(3) : raw;
  if (bytes.indexOf(CR) === -1) return { bytes };
  return { bytes: Buffer.from(bytes.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1') };
}

function firstInvalidByte(raw: Buffer): number {
  const again = Buffer.from(raw.toString('utf8'));
  const length = Math.min(raw.length, again.length);
  for (let i = 0; i < length; i++) if (raw[i] !== again[i]) return i;
  return length;
}

/** SHA-256 in hex. */
export function sha256(bytes: Buffer): string {
  return hash('sha256', bytes);
}
