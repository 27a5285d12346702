import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliCompress, constants, createGzip, gzip } from 'node:zlib';
import type { ApiMiddleware } from './context.ts';

/** Answers, exports and figures. What the pages load is not among them: a browser keeps that. */
const COMPRESSIBLE = /json$|^text\/(?:csv|plain)$/;

/** Below, an answer fits into a packet or two as it is, and compressing it would only take longer. */
const MIN_BYTES = 1_500;

/** A third of the time of the usual quality (11), and smaller than gzip. */
const BROTLI = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
};

const withBrotli = promisify<Uint8Array, typeof BROTLI, Buffer>(brotliCompress);
const withGzip = promisify<Uint8Array, Buffer>(gzip);

/**
 * Compresses answers for whoever takes them so, in zlib's threads: a whole one by br or gzip, one that is streamed by gzip.
 * A stream that fails ends its compressed one, too, and with it the connection: half an answer never looks whole.
 */
export function compression(): ApiMiddleware {
  return async function compress(ctx, next) {
    await next();
    const { body } = ctx;
    if (body === undefined || body === null || !COMPRESSIBLE.test(ctx.type)) return;
    ctx.vary('Accept-Encoding');
    if (ctx.method === 'HEAD' || ctx.res.hasHeader('Content-Encoding')) return;

    if (body instanceof Readable) {
      if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return;
      ctx.set('Content-Encoding', 'gzip');
      ctx.body = pipeline(body, createGzip(), () => undefined);
      return;
    }
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    // In the order of the browsers gzip comes first.
    const encoding =
      ctx.acceptsEncodings('br', 'identity') === 'br' ? 'br' : ctx.acceptsEncodings('gzip', 'identity');
    if (bytes.length < MIN_BYTES || (encoding !== 'br' && encoding !== 'gzip')) return;
    ctx.body = encoding === 'br' ? await withBrotli(bytes, BROTLI) : await withGzip(bytes);
    ctx.set('Content-Encoding', encoding);
  };
}
