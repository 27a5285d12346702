/** What the figure of an alert is measured in; `none`: it has no figure. */
export const UNITS = ['percent', 'mb', 'seconds', 'none'] as const;

export type Unit = (typeof UNITS)[number];
