import getRawBody from 'raw-body';
import type { IncomingMessage } from 'node:http';
import { InvalidRequestError, ServiceError } from '../../core/errors.ts';

/**
 * Reads a JSON body. Bytes that are not UTF-8 become U+FFFD, as process names of some hosts need.
 *
 * @param limitBytes largest body that is read
 * @throws {ServiceError} 413 too large, 415 not JSON or compressed, 400 cut off; 422 malformed
 */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  requireJson(request);
  const text = (await readBytes(request, limitBytes)).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestError([{ loc: ['body'], msg: 'JSON decode error', type: 'json_invalid' }]);
  }
}

function requireJson({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw new ServiceError(415, `Content-Encoding ${printable(encoding)} is not supported`);
  const type = headers['content-type'];
  if (type === undefined || type.trim() === '') return;
  const [mediaType = '', ...parameters] = type
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(mediaType)) {
    throw new ServiceError(
      415,
      `Content-Type ${printable(mediaType)} is not supported: send application/json`,
    );
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?(utf-8|utf8|us-ascii)"?$/.test(charset)) {
    throw new ServiceError(415, `Charset ${printable(charset)} is not supported: send UTF-8`);
  }
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  try {
    return await getRawBody(request, { limit, length: request.headers['content-length'] ?? null });
  } catch (error) {
    // Whatever is still to come is read and let go, or this connection would take no further request.
    request.resume();
    const type = error instanceof Error && 'type' in error ? error.type : undefined;
    if (type === 'entity.too.large') throw new ServiceError(413, `Body too large: at most ${limit} bytes`);
    throw new ServiceError(400, 'The body was cut off');
  }
}

/** A caller's own words, short and without what a log or a terminal would act on. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
