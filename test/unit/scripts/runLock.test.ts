import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isAlive, startOf } from '../../../scripts/embedded/otherProcess.ts';
import { takeRunLock } from '../../../scripts/runLock.ts';
import { makeTempDir, type TempDir } from '../../support/tempDir.ts';

describe('the lock on a data directory', () => {
  let directory: TempDir;
  let said: string[];
  beforeEach(async () => {
    directory = await makeTempDir();
    said = [];
  });
  afterEach(() => directory.remove());
  const take = () => takeRunLock(directory.path, { drainMs: 2_000, log: (line) => void said.push(line) });
  const leave = (content: object) => writeFile(join(directory.path, 'topline.lock'), JSON.stringify(content));

  test('names the run that has it, and where that is open', async () => {
    const lock = await take();
    await lock.noteUrl('http://localhost:8000');
    await expect(take()).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(`process ${process.pid}, http://localhost:8000`),
    });
    await lock.release();
  });

  test('leaves nothing behind when it is released', async () => {
    const lock = await take();
    await lock.noteChild('api', process.pid);
    await lock.release();
    expect(await readdir(directory.path)).toEqual([]);
  });

  test.each([
    ['the process is gone', { pid: 2 ** 22 + 1, start: 'long ago', children: [] }],
    ['its number is another process by now', { pid: process.pid, start: 'long ago', children: [] }],
    ['it is damaged', {}],
  ])('is taken over where %s', async (_, content) => {
    await leave(content);
    await (await take()).release();
    expect(said).toEqual([]);
  });

  test('ends the processes that the killed run left', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const children = [
      { name: 'api', pid, start: await startOf(pid) },
      { name: 'workers', pid: process.pid, start: 'somebody else' },
    ];
    await leave({ pid: 2 ** 22 + 1, start: 'long ago', children });
    const lock = await take();
    expect(said).toEqual([
      expect.stringContaining(`stopping the api that an earlier run left behind (process ${pid})`),
    ]);
    expect(isAlive(pid)).toBe(false);
    await lock.release();
  });

  test('keeps the latest process of each name', async () => {
    const lock = await take();
    await Promise.all([
      lock.noteChild('api', 1),
      lock.noteChild('workers', 1),
      lock.noteChild('api', process.pid),
    ]);
    const { children } = JSON.parse(await readFile(join(directory.path, 'topline.lock'), 'utf8')) as {
      children: { name: string; pid: number }[];
    };
    expect(children.map(({ name, pid }) => [name, pid])).toEqual([
      ['workers', 1],
      ['api', process.pid],
    ]);
    await lock.release();
  });
});
