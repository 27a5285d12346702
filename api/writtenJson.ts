/**
 * The JSON of an object whose last field is a list of what is written already. Long lists are written element by element,
 * as they come about: what an element was made of is then gone before the next one is made.
 *
 * @param head the other fields, at least one
 * @param elements each as JSON
 */
export function jsonWithList(head: object, field: string, elements: readonly string[]): string {
  return `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(field)}:[${elements.join(',')}]}`;
}
