import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/platform/logger.ts';
import { openPrisma } from '../../core/platform/prisma.ts';
import type { ProcessContext } from '../../core/platform/process.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import { createUpgrade, type Upgrade } from '../../core/upgrade/moveRows.ts';
import { estimateLeft, type UpgradeProgress } from '../../core/upgrade/progress.ts';

export interface UpgradeLoopOptions {
  upgrade: Upgrade;
  log: Logger;
  /** Ends the work after the page in hand. */
  signal: AbortSignal;
  /** Pause after a page, as a share of the time it took; default 1: half of the time is left to others. */
  restShare?: number;
}

/** Another process moves, or PostgreSQL is away: how long until another look, in ms. */
const LOOK_AGAIN_MS = 5_000;

/** What keeps the table from being dropped is a transaction or somebody's view: neither is gone in seconds. */
const OBSTACLE_MS = 60_000;

/** Rows that were refused go with the retention; how often that is looked at. */
const REFUSED_MS = 3_600_000;

const REPORT_MS = 10_000;

/** Looking for what is left of an emptied table, or making an index that is missing, may take minutes. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** What a page in hand may still take while the process stops. */
const STOP_MS = 2_000;

/** Most reasons for refusing rows that one line of the log shows. */
const REASONS_SHOWN = 3;

/**
 * Moves the rows of the service before, page by page with a pause after each, until none is left; at once where there are
 * none. It is no job of a queue: it happens once, and its state lies beside the rows.
 */
export async function runUpgrade({ upgrade, log, signal, restShare = 1 }: UpgradeLoopOptions): Promise<void> {
  let reportAtMs = 0;

  function report(progress: UpgradeProgress, force = false): void {
    if (!force && performance.now() < reportAtMs) return;
    reportAtMs = performance.now() + REPORT_MS;
    const { moved, duplicates, expired, refused } = progress;
    log.info(
      { moved, duplicates, expired, refused, ...estimateLeft(progress) },
      'moving the rows of the service before',
    );
  }

  /** Moves until nothing is left to move. */
  async function movePages(): Promise<void> {
    for (let prepared = false; !signal.aborted; prepared = true) {
      if (!prepared) await upgrade.prepare();
      const startedAtMs = performance.now();
      const page = await upgrade.movePage();
      if (page === undefined) {
        await pause(LOOK_AGAIN_MS, signal);
        if ((await upgrade.progress())?.moving !== true) return;
        continue;
      }
      if (page.refusals.length > 0) {
        log.warn(
          { rows: page.refusals.length, reasons: [...new Set(page.refusals)].slice(0, REASONS_SHOWN) },
          'rows of the service before are no snapshots: they are kept aside and shown in the view as they were',
        );
      }
      if (page.rows === 0) return;
      const progress = await upgrade.progress();
      if (progress === undefined) return;
      report(progress);
      await pause((performance.now() - startedAtMs) * restShare, signal);
    }
  }

  /** @returns how long to wait before the next round, in ms; undefined where all is done */
  async function round(): Promise<number | undefined> {
    const before = await upgrade.progress();
    if (before === undefined) return undefined;
    if (before.moving) {
      report(before, true);
      await movePages();
      if (signal.aborted) return undefined;
    }
    // Asked before the end, which takes the figures with it.
    const figures = await upgrade.progress();
    const outcome = await finish();
    if (outcome === 'obstacle') return OBSTACLE_MS;
    if (outcome !== 'finished') return LOOK_AGAIN_MS;
    if (before.moving && figures !== undefined) summarize(figures);
    return (await upgrade.progress()) === undefined ? undefined : REFUSED_MS;
  }

  async function finish(): Promise<'finished' | 'left' | 'busy' | 'obstacle'> {
    try {
      return await upgrade.finish();
    } catch (error) {
      const reason = messageOf(error);
      log.warn({ reason }, 'all rows of the service before are moved, and its table cannot be dropped yet');
      await upgrade.tellObstacle(reason);
      return 'obstacle';
    }
  }

  function summarize({ startedAtMs, moved, duplicates, expired, refused }: UpgradeProgress): void {
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    log.info(
      { moved, duplicates, expired, refused, seconds },
      'the rows of the service before are moved, and its table is dropped',
    );
  }

  while (!signal.aborted) {
    let waitMs: number | undefined = LOOK_AGAIN_MS;
    try {
      waitMs = await round();
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ reason: messageOf(error) }, 'the move of the rows of the service before waits');
    }
    if (waitMs === undefined) return;
    await pause(waitMs, signal);
  }
}

/** Ends early, and without a word, where it is called off. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Moves the rows of the service before, where there are any, through a connection of its own. */
export function startUpgrade({ config, log, lifecycle }: ProcessContext): void {
  const prisma = openPrisma({
    dsn: config.postgres.dsn,
    log,
    applicationName: 'topline upgrade',
    poolSize: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const upgrade = createUpgrade({ prisma: prisma.handle, ...config.postgres });
  const calledOff = new AbortController();
  const moveAll = async () => {
    await runUpgrade({ upgrade, log, signal: calledOff.signal });
    await prisma.close();
  };
  const done = moveAll();
  lifecycle.defer('upgrade', async () => {
    calledOff.abort();
    // What takes longer than a page can be cut off: it is a transaction.
    await withTimeout(
      STOP_MS,
      () => done,
      () => undefined,
    );
    await prisma.close();
  });
}
