/** What is written digit by digit: up to here whole numbers are quick. */
const MOST_UNITS = 0x7fff_ffff;
const MOST_DIGITS = 10;

/** How many parts a whole has, by its decimals. */
const PARTS = { 0: 1, 1: 10, 2: 100, 3: 1000 } as const;
const POWERS = [1, 10, 100, 1000];

const ZERO = 0x30;

/**
 * JSON written as the bytes that are sent. An answer of a thousand points is some hundred thousand bytes: as a string each
 * of its parts is made, joined and encoded.
 */
export class JsonBytes {
  #bytes = Buffer.allocUnsafe(32_768);
  #at = 0;

  /** Punctuation and keys: ASCII, without anything that JSON escapes but quotes that are meant. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const [bytes, at] = [this.#bytes, this.#at];
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  /** Whatever JSON can be made of. */
  value(value: unknown): void {
    const text = JSON.stringify(value);
    this.#reserve(3 * text.length);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** A list of what `write` writes of each. */
  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.ascii('[');
    for (const [place, item] of items.entries()) {
      if (place > 0) this.ascii(',');
      write(item);
    }
    this.ascii(']');
  }

  /** Takes the last byte back: an object is opened again. */
  back(): void {
    this.#at -= 1;
  }

  /**
   * A number as `JSON.stringify` writes it, to the byte.
   *
   * @param units how many of the smallest part: a whole number from 0 on
   * @param decimals which part that is: 2 for hundredths
   */
  decimal(units: number, decimals: keyof typeof PARTS): void {
    const parts = PARTS[decimals];
    if (!(units <= MOST_UNITS)) {
      this.value(units / parts);
      return;
    }
    const whole = (units / parts) | 0;
    this.#digits(whole, 1);
    let rest = (units - whole * parts) | 0;
    if (rest === 0) return;
    let width: number = decimals;
    while (rest % 10 === 0) {
      rest = (rest / 10) | 0;
      width -= 1;
    }
    this.ascii('.');
    this.#digits(rest, width);
  }

  /** What was written so far; nothing may be written behind it any more. */
  taken(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** @param width least digits, with zeros in front */
  #digits(value: number, width: number): void {
    let length = width;
    for (let bound = POWERS[width] ?? 0; value >= bound && length < MOST_DIGITS; bound *= 10) length += 1;
    this.#reserve(length);
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.#at + length - 1; at >= this.#at; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - 10 * tens;
      rest = tens;
    }
    this.#at += length;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
