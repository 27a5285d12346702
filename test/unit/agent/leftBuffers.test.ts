import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bufferName } from '../../../agent/bufferDirectory.ts';
import { openDiskBuffer, type DiskBuffer } from '../../../agent/diskBuffer.ts';
import { takeInLeftBuffers } from '../../../agent/leftBuffers.ts';
import { makeTempDir, type TempDir } from '../../support/tempDir.ts';

const SERVER = 'http://127.0.0.1:8000/ingest/metrics';

let temp: TempDir;
let lines: string[];

beforeEach(async () => {
  temp = await makeTempDir();
  lines = [];
});
afterEach(() => temp.remove());

/** What an agent of the version before has left: without the id in the lines. */
async function leave(name: string, ...snapshots: object[]): Promise<string> {
  const path = join(temp.path, name);
  await mkdir(path);
  const text = snapshots.map((one) => `${JSON.stringify(one)}\n`).join('');
  await writeFile(join(path, '0000000003.ndjson'), `${text}{"timestamp":9,"tot`);
  return path;
}

function start({ agentId = 'new', endpoint = SERVER, maxBytes = 1e6, named = '' } = {}): DiskBuffer {
  const directory = named === '' ? join(temp.path, bufferName({ agentId, endpoint })) : named;
  const log = (line: string) => lines.push(line);
  const disk = openDiskBuffer({ directory, maxBytes, log, nowMs: () => 0 });
  takeInLeftBuffers({ root: temp.path, agentId, endpoint, directory, disk, log });
  return disk;
}

const inIt = (disk: DiskBuffer) => disk.load(100).map(({ body }) => JSON.parse(body) as object);

test('what was measured under another id is taken over, each snapshot under its own', async () => {
  const path = await leave('old@127.0.0.1_8000', { timestamp: 1 }, { timestamp: 2, agent_id: 'a:b' });
  const disk = start();
  expect(inIt(disk)).toEqual([
    { timestamp: 1, agent_id: 'old' },
    { timestamp: 2, agent_id: 'a:b' },
  ]);
  expect(lines).toEqual([`2 snapshots of an earlier run taken over from ${path}`]);
  expect(await readdir(temp.path)).toEqual(['new@127.0.0.1_8000']);
});

test.each([
  ['http://localhost:8000', 'http://127.0.0.1:8000'],
  ['http://127.0.0.1:8000', 'http://localhost:8000'],
  ['http://[::1]:8000', 'http://localhost:8000'],
  ['http://localhost.:8000', 'http://127.0.0.1:8000'],
  ['https://t.example', 'https://t.example.'],
  ['https://t.example./top', 'https://t.example/top'],
])('what was kept for %s is found for %s', async (before, now) => {
  const endpointOf = (url: string) => `${url}/ingest/metrics`;
  // With a colon in the id, which no name of a directory has.
  await leave(bufferName({ agentId: 'a:b', endpoint: endpointOf(before) }), { timestamp: 1 });
  expect(inIt(start({ agentId: 'a:b', endpoint: endpointOf(now) }))).toEqual([
    { timestamp: 1, agent_id: 'a:b' },
  ]);
});

test('it is older than what the agent kept itself, and found as well where that has a directory of its own', async () => {
  await leave('new@127.0.0.1_8000', { timestamp: 5 });
  await leave('old@127.0.0.1_8000', { timestamp: 7 });
  const disk = start();
  expect(disk.load(1).map(({ body }) => body)).toEqual(['{"timestamp":5}']);
  disk.close();
  const elsewhere = start({ agentId: 'third', named: join(temp.path, 'elsewhere') });
  expect(new Set(inIt(elsewhere))).toEqual(
    new Set([
      { timestamp: 5, agent_id: 'new' },
      { timestamp: 7, agent_id: 'old' },
    ]),
  );
});

test('it keeps its order, over several files', async () => {
  const path = await leave('old@127.0.0.1_8000', { timestamp: 1 }, { timestamp: 2 });
  await writeFile(join(path, '0000000004.ndjson'), '{"timestamp":3}\n{"timestamp":4}\n');
  expect(inIt(start())).toMatchObject([
    { timestamp: 1 },
    { timestamp: 2 },
    { timestamp: 3 },
    { timestamp: 4 },
  ]);
});

describe('is left where it is, and told of', () => {
  async function expectLeft(path: string, words: string, options = {}): Promise<void> {
    const before = await readFile(join(path, '0000000003.ndjson'), 'utf8');
    expect(inIt(start(options))).toEqual([]);
    expect(lines).toEqual([expect.stringContaining(`not handed in: 1 snapshots in ${path}, `)]);
    expect(lines[0]).toContain(words);
    expect(await readFile(join(path, '0000000003.ndjson'), 'utf8')).toBe(before);
    expect(await readdir(path)).toEqual(['0000000003.ndjson']);
  }

  test('what is for another server', async () => {
    for (const name of ['new@127.0.0.1_9000', 'new@t.example', 'new@localhost_8000_top']) {
      lines = [];
      const path = await leave(name, { timestamp: 1 });
      await expectLeft(path, 'for another server');
      await temp.remove();
      temp = await makeTempDir();
    }
  });

  test('what is of an agent whose id is not sure: the line under it may have been a colon', async () => {
    await expectLeft(await leave('web_01@127.0.0.1_8000', { timestamp: 1 }), 'whose agent is not sure');
  });

  test('what there is no room for', async () => {
    const path = await leave('old@127.0.0.1_8000', { timestamp: 1 });
    await expectLeft(path, 'has no room', { maxBytes: 20 });
  });

  test('in a few lines, however many there are', async () => {
    for (let port = 1; port <= 9; port += 1) await leave(`new@127.0.0.1_${port}`, { timestamp: 1 });
    start();
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toContain('4 more such buffers');
  });
});

test('what another agent has in use is its own, and no word is lost about it', async () => {
  const path = await leave('old@127.0.0.1_8000', { timestamp: 1 });
  const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(other, 'exit');
  const ticks = (await readFile(`/proc/${other.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(join(path, 'lock'), `${other.pid}\n${boot}/${ticks}\n`);
  try {
    expect(inIt(start())).toEqual([]);
    expect(lines).toEqual([]);
    expect(await readdir(path)).toEqual(['0000000003.ndjson', 'lock']);
  } finally {
    other.stdin?.end();
    await ended;
  }
});

test('what is no buffer does not matter', async () => {
  await mkdir(join(temp.path, 'a@b'));
  await mkdir(join(temp.path, 'logs'));
  await writeFile(join(temp.path, 'c@127.0.0.1_8000'), '');
  expect(inIt(start())).toEqual([]);
  expect(lines).toEqual([]);
});
