/**
 * The pages of the dashboard, as path patterns: the API serves its one HTML file for each of them, and the dashboard
 * shows what belongs there. A page of neither does not exist.
 */
export const PAGES = {
  /** The fleet; or, where there is one host only, straight to that. */
  home: '/',
  fleet: '/hosts',
  host: '/hosts/:agent',
  alerts: '/alerts',
  alertHistory: '/alerts/history',
  alertRules: '/alerts/rules',
  silences: '/alerts/silences',
  alertChannels: '/alerts/channels',
  /** After the fixed ones, which no alert is called like: the id of an alert has a colon in it. */
  alert: '/alerts/:alert',
  operations: '/operations',
  signIn: '/sign-in',
} as const;

export type PageName = keyof typeof PAGES;

/** Where its hashed files are. */
export const ASSETS_PATH = '/assets';
