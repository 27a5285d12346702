/**
 * Most bytes that may wait for one client. A client that is further behind will not catch up with a live stream; it is
 * dropped, and gets the whole picture when it comes back.
 */
export const MAX_BUFFERED_BYTES = 1024 * 1024;

export function isTooSlow(bufferedBytes: number): boolean {
  return bufferedBytes > MAX_BUFFERED_BYTES;
}
