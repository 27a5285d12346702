/** Method and path of a route, as the API lists it. */
export interface Endpoint {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` for what a call fills in. */
  path: string;
}

/** Every request the page makes. A test holds this list against the API's own. */
export const ENDPOINTS = {
  agents: { method: 'get', path: '/api/agents' },
  agent: { method: 'get', path: '/api/agents/:id' },
  changeAgent: { method: 'patch', path: '/api/agents/:id' },
  forgetAgent: { method: 'delete', path: '/api/agents/:id' },
  history: { method: 'get', path: '/api/metrics/history' },
  metricsAt: { method: 'get', path: '/api/metrics/at' },
  topProcesses: { method: 'get', path: '/api/processes/top' },
  processHistory: { method: 'get', path: '/api/processes/history' },
  searchProcesses: { method: 'get', path: '/api/processes/search' },
  recentSnapshots: { method: 'get', path: '/api/metrics/recent' },
  recentAlerts: { method: 'get', path: '/api/alerts/recent' },
  health: { method: 'get', path: '/health' },
  operations: { method: 'get', path: '/api/operations' },
  session: { method: 'get', path: '/api/session' },
  signIn: { method: 'post', path: '/api/session' },
  signOut: { method: 'delete', path: '/api/session' },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
