import helmet from 'koa-helmet';
import type { ApiMiddleware } from './context.ts';

const self = ["'self'"];
const none = ["'none'"];

/** What every page of ours needs: files of its own, a socket to its own server, nothing else. */
const PAGE = {
  defaultSrc: none,
  scriptSrc: self,
  styleSrc: self,
  imgSrc: ["'self'", 'data:'],
  fontSrc: self,
  connectSrc: self,
  baseUri: self,
  formAction: self,
  frameAncestors: none,
};

const PAGE_WITH_INLINE_STYLE = { ...PAGE, styleSrc: ["'self'", "'unsafe-inline'"] };

/**
 * A content security policy for each kind of page, and the usual headers. Without `upgrade-insecure-requests` and HSTS:
 * a plain-http installation in a local network is a normal one, and the proxy that adds TLS is the one to promise it.
 *
 * @param inlineStyles paths of pages that are other people's work and write styles into their elements
 */
export function securityHeaders(inlineStyles: readonly string[]): ApiMiddleware {
  const headersWith = (directives: typeof PAGE) =>
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives },
      strictTransportSecurity: false,
      crossOriginOpenerPolicy: false,
      originAgentCluster: false,
      referrerPolicy: { policy: 'no-referrer' },
    });
  const strict = headersWith(PAGE);
  const withInlineStyle = headersWith(PAGE_WITH_INLINE_STYLE);

  return async function setSecurityHeaders(ctx, next) {
    const others = inlineStyles.some((path) => ctx.path.startsWith(path));
    await (others ? withInlineStyle : strict)(ctx, next);
  };
}
