const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;

export interface ResponseReader {
  /** Takes what came in, and returns the status once an answer is whole. The chunk may be used again afterwards. */
  read(chunk: Buffer): number | undefined;
}

/**
 * Reads answers on one connection that has one request under way at a time. It knows no more of HTTP than it needs:
 * a length given beforehand.
 *
 * @throws {Error} for an answer without a length, or one that is followed by more
 */
export function createResponseReader(): ResponseReader {
  let pending: Buffer | undefined;
  let status = 0;
  let left = 0;

  function finish(): number | undefined {
    if (left < 0) throw new Error(`an answer is ${-left} bytes longer than it says`);
    if (left > 0) return undefined;
    const done = status;
    status = 0;
    return done;
  }

  return {
    read(chunk) {
      if (status !== 0) {
        left -= chunk.length;
        return finish();
      }
      const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      const end = bytes.indexOf(HEAD_END);
      if (end === -1) {
        pending = Buffer.from(bytes);
        return undefined;
      }
      pending = undefined;
      const head = bytes.toString('latin1', 0, end);
      const length = LENGTH.exec(head)?.[1];
      if (length === undefined)
        throw new Error(`an answer does not tell its length: ${head.split('\r\n')[0]}`);
      status = Number(head.slice(9, 12));
      left = Number(length) - (bytes.length - end - HEAD_END.length);
      return finish();
    },
  };
}
