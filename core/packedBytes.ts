/**
 * How numbers and texts are packed, whatever they mean. A varint is a whole number from 0 on: seven bits a byte, the
 * lowest first, the eighth set where another byte follows. A text is the varint of its length in bytes, however the caller
 * marks that, and its UTF-8.
 */

/** Most bytes one number takes: the varint of 2^53, or an escape and a float64. */
export const NUMBER_BYTES = 9;

/** Most bytes the UTF-8 of one UTF-16 unit takes. */
export const UNIT_BYTES = 3;

/** Written to by every packing and copied out of, so that nothing else is allocated. It grows to the largest. */
let scratch = Buffer.alloc(4_096);

/** Makes room before a packing begins; what was written to the scratch before is lost. */
export function reserve(bytes: number): void {
  if (bytes > scratch.length) scratch = Buffer.alloc(2 * bytes);
}

/** What was written from the beginning of the scratch to before `end`, in bytes of its own. */
export function takeWritten(end: number): Uint8Array {
  return new Uint8Array(scratch.subarray(0, end));
}

// Each of these writes at a place of the scratch and returns the place behind.

export function writeByte(at: number, value: number): number {
  scratch[at] = value;
  return at + 1;
}

/** @param value a safe integer, not negative */
export function writeVarint(start: number, value: number): number {
  let at = start;
  let rest = value;
  // Bitwise operators are fast, and take 32 bits only.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) scratch[at++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) scratch[at++] = (rest & 0x7f) | 0x80;
  scratch[at] = rest;
  return at + 1;
}

export function writeFloat64(at: number, value: number): number {
  return scratch.writeDoubleBE(value, at);
}

/** @param perByte what the length is multiplied by, where its lower values say something else */
export function writeText(start: number, text: string, perByte = 1): number {
  const at = writeVarint(start, perByte * text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return writeUtf8(start, text, perByte);
    scratch[at + i] = unit;
  }
  return at + text.length;
}

function writeUtf8(start: number, text: string, perByte: number): number {
  const at = writeVarint(start, perByte * Buffer.byteLength(text));
  return at + scratch.write(text, at);
}

/** Reads a byte order mark as the character of a name that it is. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads packed bytes from their beginning on. Every method throws a RangeError where they do not hold what it reads. */
export interface PackedReader {
  byte(): number;
  /** A safe integer. */
  varint(): number;
  float64(): number;
  /** @param length in bytes */
  text(length: number): string;
  /** An error that says what is missing at this place. */
  missing(what: string): RangeError;
  /** Makes sure that nothing follows. */
  end(): void;
}

/** @param subject what the bytes are, in the plural, for messages: `Packed measurements` */
export function readPacked(bytes: Uint8Array, subject: string): PackedReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  /** Where the next `length` bytes begin. */
  function take(length: number): number {
    if (length > bytes.length - at) throw new RangeError(`${subject} are cut off at byte ${at}`);
    at += length;
    return at - length;
  }

  function missing(what: string): RangeError {
    return new RangeError(`${subject} hold no ${what} before byte ${at}`);
  }

  function varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = view.getUint8(take(1));
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw missing('number');
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  function text(length: number): string {
    const start = take(length);
    try {
      return utf8.decode(bytes.subarray(start, at));
    } catch {
      throw missing('name');
    }
  }

  function end(): void {
    if (at < bytes.length)
      throw new RangeError(`${subject} end at byte ${at}, and ${bytes.length - at} more follow`);
  }

  return {
    byte: () => view.getUint8(take(1)),
    varint,
    float64: () => view.getFloat64(take(8)),
    text,
    missing,
    end,
  };
}
