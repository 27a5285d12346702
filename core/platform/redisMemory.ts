import type { Redis } from 'ioredis';

/** How much of the memory it may use Redis uses, 0..1 and above: of its maxmemory, or where none is set of its host's. */
export async function redisMemoryShare(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const limit = figure('maxmemory') || figure('total_system_memory');
  return limit === 0 ? 0 : figure('used_memory') / limit;
}
