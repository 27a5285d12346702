import { existsSync } from 'node:fs';
import type { Sampler } from './sampler.ts';

/** The sampler for this machine: /proc where there is one, systeminformation elsewhere (it costs many times as much). */
export async function createSampler(): Promise<Sampler> {
  if (existsSync('/proc/stat') && existsSync('/proc/self/stat')) {
    const { createProcSampler, readPageSizeBytes } = await import('./procSampler.ts');
    return createProcSampler({ root: '/proc', pageSizeBytes: readPageSizeBytes() });
  }
  const { createSystemSampler, loadSystemInformation } = await import('./systemSampler.ts');
  return createSystemSampler(await loadSystemInformation(), process.platform);
}
