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
  alerts: { method: 'get', path: '/api/alerts' },
  alert: { method: 'get', path: '/api/alerts/:id' },
  acknowledgeAlert: { method: 'post', path: '/api/alerts/:id/acknowledge' },
  unacknowledgeAlert: { method: 'delete', path: '/api/alerts/:id/acknowledge' },
  alertRules: { method: 'get', path: '/api/alert-rules' },
  alertRule: { method: 'get', path: '/api/alert-rules/:id' },
  createAlertRule: { method: 'post', path: '/api/alert-rules' },
  changeAlertRule: { method: 'put', path: '/api/alert-rules/:id' },
  deleteAlertRule: { method: 'delete', path: '/api/alert-rules/:id' },
  tryAlertRule: { method: 'post', path: '/api/alert-rules/test' },
  silences: { method: 'get', path: '/api/silences' },
  createSilence: { method: 'post', path: '/api/silences' },
  endSilence: { method: 'delete', path: '/api/silences/:id' },
  maintenance: { method: 'get', path: '/api/maintenance' },
  createMaintenance: { method: 'post', path: '/api/maintenance' },
  changeMaintenance: { method: 'put', path: '/api/maintenance/:id' },
  deleteMaintenance: { method: 'delete', path: '/api/maintenance/:id' },
  channels: { method: 'get', path: '/api/alert-channels' },
  channel: { method: 'get', path: '/api/alert-channels/:id' },
  createChannel: { method: 'post', path: '/api/alert-channels' },
  changeChannel: { method: 'put', path: '/api/alert-channels/:id' },
  deleteChannel: { method: 'delete', path: '/api/alert-channels/:id' },
  testChannel: { method: 'post', path: '/api/alert-channels/:id/test' },
  alertRoutes: { method: 'get', path: '/api/alert-routes' },
  createAlertRoute: { method: 'post', path: '/api/alert-routes' },
  changeAlertRoute: { method: 'put', path: '/api/alert-routes/:id' },
  deleteAlertRoute: { method: 'delete', path: '/api/alert-routes/:id' },
  deliveries: { method: 'get', path: '/api/deliveries' },
  audit: { method: 'get', path: '/api/audit' },
  health: { method: 'get', path: '/health' },
  operations: { method: 'get', path: '/api/operations' },
  session: { method: 'get', path: '/api/session' },
  signIn: { method: 'post', path: '/api/session' },
  signOut: { method: 'delete', path: '/api/session' },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
