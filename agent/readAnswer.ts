/** None of Topline's is as long. */
const MOST_BYTES = 256 * 1024;

/**
 * The text of an answer, cut off where it is longer than any of Topline's. However long it goes on, it takes no more memory;
 * how long it may take in time is for the signal of the request to say.
 */
export async function readAnswer({ body }: Pick<Response, 'body'>): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = 0; bytes < MOST_BYTES;) {
    const { done, value } = await reader.read();
    // Read to its end: a connection whose answer was left unread is not used again.
    if (done) return text + decoder.decode();
    bytes += value.length;
    text += decoder.decode(value, { stream: true });
  }
  // Nobody needs to hear that there was no more to be had.
  reader.cancel().catch(() => undefined);
  return text;
}
