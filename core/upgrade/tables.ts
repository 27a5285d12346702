import { deriveName } from '../stores/postgres/tableNames.ts';

/** The tables that are there for as long as rows of the service before are being moved. */
export interface UpgradeTables {
  /** Its table, under the name it is given at the first start. */
  seed: string;
  /** Rows of it that our schema refuses, as they were. */
  refused: string;
  /** One row: how far the move has come. */
  progress: string;
}

/** @param table POSTGRES_TABLE */
export function upgradeTablesOf(table: string): UpgradeTables {
  return {
    seed: deriveName(table, '_before_topline'),
    refused: deriveName(table, '_refused'),
    progress: deriveName(table, '_upgrade'),
  };
}
