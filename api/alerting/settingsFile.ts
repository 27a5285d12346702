import { readFile } from 'node:fs/promises';
import type { FileSettings } from '../../core/alerting/settingsDocument.ts';
import { parseSettingsFile } from '../../core/alerting/settingsFile.ts';
import { ConfigError, messageOf } from '../../core/errors.ts';

/**
 * Reads the file in ALERT_RULES_FILE.
 *
 * @returns undefined where the setting is empty
 * @throws {ConfigError} that tells every mistake in it with its place, or why it cannot be read
 */
export async function readSettingsFile(path: string): Promise<FileSettings | undefined> {
  if (path === '') return undefined;
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError([`ALERT_RULES_FILE (${JSON.stringify(path)}): ${messageOf(error)}`]);
  });
  const result = parseSettingsFile(text);
  if ('settings' in result) return result.settings;
  throw new ConfigError(
    result.faults.map(
      ({ line, column, field, message }) =>
        `ALERT_RULES_FILE ${path}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}`,
    ),
  );
}
