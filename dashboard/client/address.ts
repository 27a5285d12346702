type QueryValue = string | number | string[] | undefined;

export interface AddressParts {
  /** What stands for the names in the path. */
  params?: Record<string, string> | undefined;
  query?: object | undefined;
}

/** The address of a request: its path filled in, its query behind. What is undefined is left out, lists are repeated. */
export function addressOf(path: string, { params = {}, query = {} }: AddressParts = {}): string {
  const filled = path.replace(/:(\w+)/g, (_, field: string) => encodeURIComponent(params[field] ?? ''));
  const search = new URLSearchParams();
  for (const [field, value] of Object.entries(query) as [string, QueryValue][])
    for (const one of [value].flat()) if (one !== undefined) search.append(field, String(one));
  const text = search.toString();
  return text === '' ? filled : `${filled}?${text}`;
}
