import { Cron } from 'croner';
import type { Maintenance } from '../contracts/alerting/silence.ts';
import { messageOf } from '../errors.ts';

/** When a maintenance window comes: what of it says so. */
export type MaintenanceTimes = Pick<Maintenance, 'cron' | 'time_zone' | 'duration_seconds'>;

/** A window that goes on or comes, in epoch seconds; it ends before `endsAt`. */
export interface MaintenanceWindow {
  startsAt: number;
  endsAt: number;
}

/**
 * The windows of a cron expression in its time zone. A time that a change of clocks leaves out comes when the clocks have
 * changed, and one that comes twice counts once: each day has its window.
 */
export function maintenanceWindows({ cron, time_zone, duration_seconds }: MaintenanceTimes): {
  /** The window that an instant lies in, or the next one; undefined where none comes any more. */
  at(nowSeconds: number): MaintenanceWindow | undefined;
  /** The first one that begins after an instant. */
  next(nowSeconds: number): MaintenanceWindow | undefined;
} {
  const schedule = openSchedule(cron, time_zone);
  const after = (seconds: number): MaintenanceWindow | undefined => {
    const start = schedule.nextRun(new Date(seconds * 1000));
    if (start === null) return undefined;
    const startsAt = Math.floor(start.getTime() / 1000);
    return { startsAt, endsAt: startsAt + duration_seconds };
  };
  return {
    // One that began longer ago than it lasts is over: so the first one since then is the one to look at.
    at: (nowSeconds) => after(nowSeconds - duration_seconds),
    next: after,
  };
}

/** What is wrong with the times of a window that comes again, and which field it is; undefined where nothing is. */
export function maintenanceFault(
  { cron, time_zone, duration_seconds }: MaintenanceTimes,
  nowSeconds: number,
): { field: 'cron' | 'time_zone'; message: string } | undefined {
  try {
    Intl.DateTimeFormat('en', { timeZone: time_zone });
  } catch {
    return {
      field: 'time_zone',
      message: `There is no time zone ${JSON.stringify(time_zone)}: name one such as Europe/Berlin`,
    };
  }
  try {
    if (maintenanceWindows({ cron, time_zone, duration_seconds }).next(nowSeconds) === undefined)
      return { field: 'cron', message: 'This time never comes' };
  } catch (error) {
    return { field: 'cron', message: `Must be minute, hour, day, month and weekday: ${messageOf(error)}` };
  }
  return undefined;
}

/** A schedule that starts nothing by itself. */
function openSchedule(cron: string, timezone: string): Cron {
  return new Cron(cron, { timezone, mode: '5-part', paused: true });
}
