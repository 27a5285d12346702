import type { z } from 'zod';
import type { Agent, AgentChanges } from '../../core/contracts/agents.ts';
import type { AgentPage, agentsQuerySchema, Forgetting } from '../../core/contracts/fleet.ts';
import type { Health } from '../../core/contracts/health.ts';
import type {
  HistoryAnswer,
  historyQuerySchema,
  MetricsAt,
  metricsAtQuerySchema,
} from '../../core/contracts/history.ts';
import type { Operations } from '../../core/contracts/operations.ts';
import type {
  ProcessHistory,
  processHistoryQuerySchema,
  ProcessSearch,
  processSearchQuerySchema,
  TopProcesses,
  topProcessesQuerySchema,
} from '../../core/contracts/processes.ts';
import type {
  recentAlertsQuerySchema,
  recentAlertsSchema,
  recentSnapshotsQuerySchema,
  recentSnapshotsSchema,
} from '../../core/contracts/recent.ts';
import type { Credentials, Session } from '../../core/contracts/session.ts';
import type { AlertingCalls } from './alertingCalls.ts';
import type { EndpointName } from './endpoints.ts';
import type { QueryOf } from './queryOf.ts';

// The types of every call, inferred from the schemas that the API checks its requests with. Types only: zod stays on the
// server.

/** What each endpoint is asked and what it answers. */
export interface Calls extends AlertingCalls {
  agents: { query: QueryOf<typeof agentsQuerySchema>; answer: AgentPage };
  agent: { answer: Agent };
  changeAgent: { body: AgentChanges; answer: Agent };
  forgetAgent: { answer: Forgetting };
  history: { query: QueryOf<typeof historyQuerySchema>; answer: HistoryAnswer };
  metricsAt: { query: QueryOf<typeof metricsAtQuerySchema>; answer: MetricsAt };
  topProcesses: { query: QueryOf<typeof topProcessesQuerySchema>; answer: TopProcesses };
  processHistory: { query: QueryOf<typeof processHistoryQuerySchema>; answer: ProcessHistory };
  searchProcesses: { query: QueryOf<typeof processSearchQuerySchema>; answer: ProcessSearch };
  recentSnapshots: {
    query: QueryOf<typeof recentSnapshotsQuerySchema>;
    answer: z.output<typeof recentSnapshotsSchema>;
  };
  recentAlerts: {
    query: QueryOf<typeof recentAlertsQuerySchema>;
    answer: z.output<typeof recentAlertsSchema>;
  };
  health: { answer: Health };
  operations: { answer: Operations };
  session: { answer: Session };
  signIn: { body: Credentials; answer: Session };
  signOut: { answer: Session };
}

export type Query<Name extends EndpointName> = Calls[Name] extends { query: infer Asked } ? Asked : never;
export type Answer<Name extends EndpointName> = Calls[Name]['answer'];
