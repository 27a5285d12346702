/** Watches what a child writes for what its user should know. */
export interface FaultReader {
  /** A line of its structured log. */
  readLog: (line: string) => void;
  /** A line of its stderr: free text, such as the trace of an error nobody caught. */
  readStderr: (line: string) => void;
  /** What it last complained of, a line each, to be put behind a message; empty where it did not. */
  lastWords: () => string;
}

/** pino's number for a warning. */
const WARNING = 40;
/** A store that is away makes every process say so many times a second. */
const REPEAT_MS = 60_000;
const KEPT_LINES = 8;

/**
 * @param say gets each warning and error, the same one at most once a minute
 */
export function createFaultReader(say: (fault: string) => void, now = Date.now): FaultReader {
  const said = new Map<string, number>();
  let last: string[] = [];
  const keep = (line: string) => {
    last = [...last, line].slice(-KEPT_LINES);
  };
  return {
    readLog(line) {
      const fault = faultIn(line);
      if (fault === undefined) return;
      keep(fault);
      if (now() - (said.get(fault) ?? -Infinity) < REPEAT_MS) return;
      // Texts that hold a number that changes would fill it over the months.
      if (said.size > 200) said.clear();
      said.set(fault, now());
      say(fault);
    },
    readStderr: keep,
    lastWords: () => last.map((line) => `\n  ${line}`).join(''),
  };
}

/** The message of a log record at or above a warning, with the reason it gives. */
function faultIn(line: string): string | undefined {
  let record: { level?: unknown; msg?: unknown; reason?: unknown; err?: { message?: unknown } };
  try {
    record = JSON.parse(line) as typeof record;
  } catch {
    return undefined;
  }
  if (typeof record?.level !== 'number' || record.level < WARNING) return undefined;
  const message = typeof record.msg === 'string' ? record.msg : 'an error without words';
  const reason = record.reason ?? record.err?.message;
  return typeof reason === 'string' && !message.includes(reason) ? `${message}: ${reason}` : message;
}
