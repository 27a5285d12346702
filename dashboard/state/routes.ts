import { PAGES, type PageName } from '../../core/contracts/pages.ts';

/** What a path shows, and of which host or alert. */
export interface Place {
  page: PageName;
  agent?: string;
  alert?: string;
}

/** The page of a path; undefined where there is none. */
export function placeOf(path: string): Place | undefined {
  for (const [page, pattern] of Object.entries(PAGES) as [PageName, string][]) {
    const named = match(pattern, path);
    if (named === undefined) continue;
    const [, name] = pattern.split(':');
    return name === undefined ? { page } : { page, [name]: named };
  }
  return undefined;
}

/** The path of a host's page. */
export function hostPath(agent: string): string {
  return PAGES.host.replace(':agent', encodeURIComponent(agent));
}

/** The path of an alert's page. */
export function alertPath(id: string): string {
  return PAGES.alert.replace(':alert', encodeURIComponent(id));
}

/** Undefined where the path does not fit, else what stands for the pattern's name; empty where it has none. */
function match(pattern: string, path: string): string | undefined {
  const [fixed = '', name] = pattern.split(':');
  if (name === undefined) return path === pattern || path === `${pattern}/` ? '' : undefined;
  const rest = path.startsWith(fixed) ? path.slice(fixed.length).replace(/\/$/, '') : '';
  if (rest === '' || rest.includes('/')) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}
