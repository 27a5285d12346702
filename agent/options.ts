import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bufferName, bufferRoot } from './bufferDirectory.ts';

export interface AgentOptions {
  /** Full URL of the ingest route. */
  endpoint: string;
  agentId: string;
  intervalMs: number;
  token: string | undefined;
  /** What it says of itself: `key=value,key=value`, empty for nothing. */
  labels: string;
  /** Snapshots kept in memory while the server is away. */
  bufferSize: number;
  /** Where they are kept on disk; undefined where they are not. */
  disk:
    | {
        directory: string;
        maxBytes: number;
        /** Where other buffers of this user are; undefined where there is no such place. */
        root: string | undefined;
      }
    | undefined;
  /** Milliseconds from one send to the next while a backlog drains. */
  drainPaceMs: number;
}

export type ParsedArguments =
  | { kind: 'help' }
  | { kind: 'once'; options: AgentOptions }
  | { kind: 'run'; options: AgentOptions }
  | { kind: 'faults'; faults: string[] };

const TEXT_OPTIONS = [
  'url',
  'id',
  'interval',
  'token',
  'buffer-size',
  'buffer-dir',
  'buffer-mb',
  'drain-per-minute',
] as const;
/** May be given several times. */
const LABEL_OPTION = 'label';
const SWITCHES = ['once', 'no-buffer', 'help'] as const;

const BYTES_PER_MB = 1024 * 1024;

type TextOption = (typeof TEXT_OPTIONS)[number];
type Switch = (typeof SWITCHES)[number];

/** As the wire contract has it; a copy, because the contract's own would load zod. A test holds the two equal. */
const AGENT_ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,128}$/;
/** Likewise. */
const LABEL = /^([A-Za-z0-9._-]{1,64})=[A-Za-z0-9._:/@+-]{1,128}$/;
const MAX_LABELS = 16;
/** What a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Turns the command line into options, or into every fault at once, each with what to write instead. A token's value is
 * never part of a message.
 */
export function parseArguments(
  args: string[],
  env: Record<string, string | undefined>,
  host: string = hostname(),
): ParsedArguments {
  const { texts, labels, switches, faults } = readTokens(args);
  if (switches.has('help')) return { kind: 'help' };

  const number = (name: TextOption, fallback: number, min: number, max: number, whole: boolean): number => {
    const text = texts.get(name)?.trim();
    const value = text === undefined ? fallback : Number(text === '' ? Number.NaN : text);
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      faults.push(
        `--${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not ${JSON.stringify(text)}`,
      );
    }
    return value;
  };

  const endpoint = toEndpoint(texts.get('url') ?? 'http://127.0.0.1:8000', faults);
  const agentId = texts.get('id') ?? toAgentId(host);
  const maxBytes = number('buffer-mb', 64, 1, 100_000, true) * BYTES_PER_MB;
  const root = bufferRoot(env);
  const named = texts.get('buffer-dir');
  const directory = switches.has('no-buffer')
    ? undefined
    : (named ?? (root && join(root, bufferName({ agentId, endpoint }))));
  if (named === '') faults.push('--buffer-dir must name a directory; --no-buffer keeps nothing on disk');
  const options: AgentOptions = {
    endpoint,
    agentId,
    intervalMs: Math.round(number('interval', 2, 1, 3600, false) * 1000),
    token: texts.get('token') || env['AGENT_API_TOKEN'] || undefined,
    labels: toLabels(labels, env['AGENT_LABELS'], faults),
    bufferSize: number('buffer-size', 900, 1, 1_000_000, true),
    disk:
      directory === undefined
        ? undefined
        : { directory: resolve(directory), maxBytes, root: root && resolve(root) },
    drainPaceMs: 60_000 / number('drain-per-minute', 100, 1, 60_000, false),
  };
  if (!AGENT_ID.test(options.agentId)) {
    faults.push(
      `--id must be 1-128 of A-Z a-z 0-9 . _ : -, but not . or ..; it is ${JSON.stringify(options.agentId)}`,
    );
  }
  if (options.token !== undefined && !TOKEN.test(options.token)) {
    const source = texts.get('token') ? '--token' : 'AGENT_API_TOKEN';
    faults.push(`${source} must be printable ASCII without spaces (is there a line end in it?)`);
  }
  if (switches.has('no-buffer') && (named !== undefined || texts.has('buffer-mb')))
    faults.push('--no-buffer goes with neither --buffer-dir nor --buffer-mb');
  if (faults.length > 0) return { kind: 'faults', faults };
  return { kind: switches.has('once') ? 'once' : 'run', options };
}

/** parseArgs stops at the first fault in its strict mode; in the loose one it hands over what it saw, to be judged here. */
function readTokens(args: string[]) {
  const texts = new Map<TextOption, string>();
  const labels: string[] = [];
  const switches = new Set<Switch>();
  const faults: string[] = [];
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(
        [...TEXT_OPTIONS, LABEL_OPTION].map((name) => [name, { type: 'string' as const }]),
      ),
      once: { type: 'boolean' },
      'no-buffer': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      faults.push(
        `unexpected argument ${JSON.stringify(token.value)}: every value follows its option, as in --id web-01`,
      );
    } else if (token.kind === 'option') {
      const text = TEXT_OPTIONS.find((name) => name === token.name);
      const flag = SWITCHES.find((name) => name === token.name);
      if (flag !== undefined) {
        if (token.value !== undefined) faults.push(`--${flag} takes no value`);
        switches.add(flag);
      } else if (text === undefined && token.name !== LABEL_OPTION) {
        faults.push(`unknown option ${token.rawName}: --help lists them all`);
      } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        faults.push(`--${token.name} needs a value`);
      } else if (text === undefined) {
        labels.push(token.value);
      } else {
        texts.set(text, token.value);
      }
    }
  }
  return { texts, labels, switches, faults };
}

/** Those on the command line, or else those of the environment. */
function toLabels(given: string[], fromEnvironment = '', faults: string[]): string {
  const source = given.length > 0 ? '--label' : 'AGENT_LABELS';
  const labels = (given.length > 0 ? given : fromEnvironment.split(','))
    .map((label) => label.trim())
    .filter((label) => given.length > 0 || label !== '');
  for (const label of labels) {
    if (LABEL.test(label)) continue;
    faults.push(
      `${source} must be key=value, the key 1-64 of A-Z a-z 0-9 . _ -, the value 1-128 of these and : / @ +, not ${JSON.stringify(label)}`,
    );
  }
  const keys = labels.map((label) => label.split('=')[0]);
  const twice = keys.find((key, i) => keys.indexOf(key) < i);
  if (twice !== undefined) faults.push(`${source} gives ${twice} more than once`);
  if (labels.length > MAX_LABELS)
    faults.push(`${source} gives ${labels.length} labels: ${MAX_LABELS} are the most`);
  return labels.join(',');
}

function toEndpoint(url: string, faults: string[]): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    faults.push('--url must be an http or https address, as in --url http://topline.example:8000');
    return '';
  }
  if (parsed.username !== '' || parsed.password !== '') {
    faults.push('--url must not hold a user or password: the token goes into --token or AGENT_API_TOKEN');
  }
  if (parsed.search !== '' || parsed.hash !== '') faults.push('--url must not hold a ? or # part');
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}/ingest/metrics`;
}

/** A host name may hold what an agent id may not. */
function toAgentId(host: string): string {
  const id = host.replace(/[^A-Za-z0-9._:-]/g, '-').slice(0, 128);
  return AGENT_ID.test(id) ? id : 'unnamed-host';
}
