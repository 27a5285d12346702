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
export class PackedReader {
  readonly #bytes: Uint8Array;
  readonly #subject: string;
  #at = 0;

  /** @param subject what the bytes are, in the plural, for messages: `Packed measurements` */
  constructor(bytes: Uint8Array, subject: string) {
    this.#bytes = bytes;
    this.#subject = subject;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.#cutOff();
    this.#at += 1;
    return byte;
  }

  /** A safe integer. */
  varint(): number {
    const first = this.byte();
    // As most of them are.
    if (first < 0x80) return first;
    let [value, factor] = [first & 0x7f, 128];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw this.missing('number');
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  float64(): number {
    const start = this.#take(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + start, 8).getFloat64(0);
  }

  /** @param length in bytes */
  text(length: number): string {
    return this.textAt(this.skip(length), length);
  }

  /** Passes over a text that may be asked for later. @returns where it begins, for `textAt` */
  skip(length: number): number {
    return this.#take(length);
  }

  /** A text that was passed over. */
  textAt(start: number, length: number): string {
    try {
      return knownText(this.#bytes, start, start + length);
    } catch {
      throw this.missing('name');
    }
  }

  /** An error that says what is missing at this place. */
  missing(what: string): RangeError {
    return new RangeError(`${this.#subject} hold no ${what} before byte ${this.#at}`);
  }

  /** Makes sure that nothing follows. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new RangeError(`${this.#subject} end at byte ${this.#at}, and ${left} more follow`);
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    if (length > this.#bytes.length - this.#at) throw this.#cutOff();
    this.#at += length;
    return this.#at - length;
  }

  #cutOff(): RangeError {
    return new RangeError(`${this.#subject} are cut off at byte ${this.#at}`);
  }
}

/** Texts read last, by a hash of their bytes: the same few names come thousands of times, and decoding takes longest. */
const KNOWN_TEXTS = 1_024;
const KNOWN_BYTES = 64;
const known = Array.from(
  { length: KNOWN_TEXTS },
  (): { bytes: Uint8Array; text: string } | undefined => undefined,
);

/** @throws {TypeError} where the bytes are no UTF-8 */
function knownText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > KNOWN_BYTES) return utf8.decode(bytes.subarray(start, end));
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  const place = (hash ^ (hash >>> 10)) & (KNOWN_TEXTS - 1);
  const found = known[place];
  if (found !== undefined && isSame(found.bytes, bytes, start, end)) return found.text;
  const own = new Uint8Array(bytes.subarray(start, end));
  const text = utf8.decode(own);
  known[place] = { bytes: own, text };
  return text;
}

function isSame(own: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (own.length !== end - start) return false;
  for (let i = 0; i < own.length; i++) if (own[i] !== bytes[start + i]) return false;
  return true;
}
