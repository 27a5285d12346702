import getRawBody from 'raw-body';
import type { IncomingMessage } from 'node:http';
import { InvalidRequestError } from '../../core/errors.ts';
import { HttpError } from './errors.ts';

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json$/;
const NDJSON_TYPE = /^application\/(?:x-)?ndjson$/;

/**
 * Reads a JSON body. Bytes that are not UTF-8 become U+FFFD, as process names of some hosts need.
 *
 * @param limitBytes largest body that is read
 * @throws {HttpError} 413 too large, 415 not JSON or compressed, 400 cut off; 422 malformed
 */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const type = mediaTypeOf(request);
  if (type !== undefined && !JSON_TYPE.test(type)) throw unsupported(type, 'application/json');
  return parseJson(await readText(request, limitBytes));
}

/**
 * Reads a body that is JSON or NDJSON.
 *
 * @returns the value, or the text that holds one a line
 * @throws {HttpError} as `readJson` does; what is wrong with a line is for whoever parses it
 */
export async function readJsonOrLines(
  request: IncomingMessage,
  limitBytes: number,
): Promise<{ value: unknown } | { lines: string }> {
  const type = mediaTypeOf(request);
  const isLines = type !== undefined && NDJSON_TYPE.test(type);
  if (type !== undefined && !isLines && !JSON_TYPE.test(type))
    throw unsupported(type, 'application/json or application/x-ndjson');
  const text = await readText(request, limitBytes);
  return isLines ? { lines: text } : { value: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestError([{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }]);
  }
}

function unsupported(type: string, instead: string): HttpError {
  return new HttpError(415, `Content-Type ${printable(type)} is not supported: send ${instead}`);
}

/** In lower case, without parameters; undefined where none is given. */
function mediaTypeOf({ headers }: IncomingMessage): string | undefined {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw new HttpError(415, `Content-Encoding ${printable(encoding)} is not supported`);
  const type = headers['content-type'];
  if (type === undefined || type.trim() === '') return undefined;
  const [mediaType = '', ...parameters] = type
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?(utf-8|utf8|us-ascii)"?$/.test(charset)) {
    throw new HttpError(415, `Charset ${printable(charset)} is not supported: send UTF-8`);
  }
  return mediaType;
}

/** Some editors, PowerShell and .NET put it in front; JSON.parse takes it for a fault (RFC 8259, 8.1). */
const BYTE_ORDER_MARK = '\ufeff';

/** Bytes that are not UTF-8 become U+FFFD; a byte order mark in front is no part of the text. */
async function readText(request: IncomingMessage, limit: number): Promise<string> {
  try {
    const bytes = await getRawBody(request, { limit, length: request.headers['content-length'] ?? null });
    const text = bytes.toString('utf8');
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  } catch (error) {
    // Whatever is still to come is read and let go, or this connection would take no further request.
    request.resume();
    const type = error instanceof Error && 'type' in error ? error.type : undefined;
    if (type === 'entity.too.large') throw new HttpError(413, `Body too large: at most ${limit} bytes`);
    throw new HttpError(400, 'The body was cut off');
  }
}

/** A caller's own words, short and without what a log or a terminal would act on. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
