import {
  isSame,
  putTogether,
  type FileSettings,
  type OperatorSettings,
  type StoredSettings,
} from '../alerting/settingsDocument.ts';
import type { AlertRule } from '../contracts/alerting/rule.ts';
import { UnavailableError } from '../errors.ts';
import { MAX_RACES, untilWon } from '../races.ts';
import { nowSeconds } from '../time.ts';
import type { AlertingRows } from './postgres/alertingRows.ts';
import type { AlertingSettingsStore } from './redis/alertingSettings.ts';
import type { SilenceStore } from './postgres/silences.ts';

/** Most silences that count at a time. */
const MAX_SILENCES = 10_000;

export interface OperatorStores {
  rows: AlertingRows;
  silences: SilenceStore;
}

export interface PublisherOptions {
  store: AlertingSettingsStore;
  /**
   * Where to find what operators made; `elsewhere`: another process looks after it. So it is without PostgreSQL: a node that
   * lacks it must not take away what the others have made.
   */
  operator: OperatorStores | 'elsewhere';
  /** Of this process' environment. */
  builtIn: AlertRule;
  file: FileSettings | undefined;
  /** Told once of ids that are both in the file and in PostgreSQL. */
  onShadowed?: (shadowed: string[]) => void;
}

/** What of a document is this process' to say, beside what operators made. */
export type Claim = 'built_in' | 'file' | 'nothing';

/** Puts the settings together and publishes them; any number of processes may at once, and no change is lost. */
export interface AlertingPublisher {
  /**
   * Publishes what PostgreSQL has now; where it is away, or where nothing has changed, the document stays.
   *
   * @param claim what of the environment takes the place of what another process published: workers claim the rule of the
   *   environment, which they judge by, and the API the file. What nobody has published is filled in.
   */
  refresh(claim?: Claim): Promise<StoredSettings>;
}

const NO_FILE: FileSettings = { rules: [], channels: [], routes: [] };

export function createAlertingPublisher(options: PublisherOptions): AlertingPublisher {
  const { store, operator, builtIn, file, onShadowed } = options;
  let told = '';

  function tellOfShadowed(shadowed: string[]): void {
    if (shadowed.join() === told) return;
    told = shadowed.join();
    if (shadowed.length > 0) onShadowed?.(shadowed);
  }

  return {
    async refresh(claim = 'nothing') {
      const published = await untilWon(async () => {
        // Before PostgreSQL is read: whoever changes it after that replaces what this one is about to publish.
        const { version, settings: before } = await store.read();
        const made = await readOperator(operator);
        const { settings, shadowed } = putTogether(before, {
          builtIn: before === undefined || claim === 'built_in' ? builtIn : undefined,
          file: before === undefined || claim === 'file' ? (file ?? NO_FILE) : undefined,
          operator: made,
        });
        tellOfShadowed(shadowed);
        if (before !== undefined && isSame(before, settings)) return before;
        return store.replace(version, settings, Date.now());
      });
      if (published === undefined)
        throw new UnavailableError(`The settings of alerting changed ${MAX_RACES} times in between`);
      return published;
    },
  };
}

/** Undefined where PostgreSQL is away: what was published last counts. */
async function readOperator(stores: PublisherOptions['operator']): Promise<OperatorSettings | undefined> {
  if (stores === 'elsewhere') return undefined;
  const { rows, silences } = stores;
  try {
    const [rules, channels, routes, maintenance, current] = await Promise.all([
      rows.rules.list(),
      rows.channels.list(),
      rows.routes.list(),
      rows.maintenance.list(),
      silences.list({ endsAfter: nowSeconds(), limit: MAX_SILENCES }),
    ]);
    return {
      rules: rules.map(({ id, version, body }) => ({ ...body, id, version })),
      channels: channels.map(({ id, body }) => ({ ...body, id })),
      routes: routes.map(({ id, body }) => ({ ...body, id })),
      maintenance: maintenance.map(({ id, body }) => ({ ...body, id })),
      silences: current,
    };
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}
