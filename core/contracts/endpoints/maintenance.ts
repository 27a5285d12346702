import { z } from 'zod';
import { maintenanceBodySchema, maintenanceSchema, type MaintenanceBody } from '../alerting/silence.ts';
import { maintenanceListSchema, maintenanceViewSchema, type MaintenanceView } from '../alerting/views.ts';
import { endpoint } from '../endpoint.ts';
import { NEEDS_POSTGRES, OPERATOR_ONLY } from './answers.ts';
import { ifMatchSchema } from './ifMatch.ts';

const paramsSchema = z.object({ id: maintenanceSchema.shape.id });

const BODY_EXAMPLE: MaintenanceBody = {
  name: 'Backups',
  match: { agents: ['db-*'], labels: {}, rules: [], severities: [] },
  cron: '0 3 * * sun',
  time_zone: 'Europe/Berlin',
  duration_seconds: 3600,
  author: 'Ada',
  comment: '',
};

const EXAMPLE: MaintenanceView = {
  ...BODY_EXAMPLE,
  id: '5a4c1c0e-9a7d-4e3f-8c6b-5a4d3e2f1a0b',
  version: 1,
  active: false,
  next: { starts_at: 1764468000, ends_at: 1764471600 },
};

const CHANGE_ANSWERS = {
  404: { description: 'There is none' },
  412: { description: 'Somebody changed it meanwhile: read it again' },
  ...OPERATOR_ONLY,
  ...NEEDS_POSTGRES,
};

/** Silences that come again. */
export const maintenanceEndpoints = {
  list: endpoint({
    method: 'get',
    path: '/api/maintenance',
    summary: 'Windows of maintenance that come again',
    tag: 'alerts',
    answers: {
      200: {
        description: 'All of them',
        schema: maintenanceListSchema,
        example: { maintenance: [EXAMPLE] },
      },
      ...NEEDS_POSTGRES,
    },
  }),
  create: endpoint({
    method: 'post',
    path: '/api/maintenance',
    summary: 'Add a window of maintenance',
    description: 'While it goes on, nothing is told of alerts that match; they fire all the same.',
    tag: 'alerts',
    body: maintenanceBodySchema,
    bodyExample: BODY_EXAMPLE,
    answers: {
      201: { description: 'The window', schema: maintenanceViewSchema, example: EXAMPLE },
      ...OPERATOR_ONLY,
      ...NEEDS_POSTGRES,
    },
  }),
  replace: endpoint({
    method: 'put',
    path: '/api/maintenance/:id',
    summary: 'Change a window of maintenance',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    body: maintenanceBodySchema,
    bodyExample: BODY_EXAMPLE,
    answers: {
      200: { description: 'As it is now', schema: maintenanceViewSchema, example: EXAMPLE },
      ...CHANGE_ANSWERS,
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/api/maintenance/:id',
    summary: 'Delete a window of maintenance',
    tag: 'alerts',
    params: paramsSchema,
    headers: ifMatchSchema,
    answers: { 204: { description: 'It is gone' }, ...CHANGE_ANSWERS },
  }),
};
