import { rm } from 'node:fs/promises';

/** Stops what globalSetup started and removes its data. */
export default async function globalTeardown(): Promise<void> {
  const stores = globalThis.toplineTestStores;
  await stores?.postgres.close();
  if (stores) await rm(stores.directory, { recursive: true, force: true });
}
