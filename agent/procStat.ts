/** Jiffies a core (or all of them together) has spent since boot. */
export interface CpuTimes {
  busy: number;
  idle: number;
}

export interface SystemCpuTimes {
  all: CpuTimes;
  /** By core number: a core that is taken offline leaves a hole, so the position in the file says nothing. */
  cores: Map<number, CpuTimes>;
}

/** What one reading of `/proc/<pid>/stat` tells. */
export interface ProcessStat {
  pid: number;
  name: string;
  /** utime + stime since the process started, in clock ticks. */
  cpuTicks: number;
  threads: number;
  /** Start, in clock ticks since boot: together with the pid it names one process for good. */
  startTicks: number;
  rssPages: number;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const OPEN = 0x28;
const CLOSE = 0x29;
const ZERO = 0x30;
const NINE = 0x39;

/** Parses the `cpu` lines of `/proc/stat`; undefined where there are none. */
export function parseSystemCpu(text: string): SystemCpuTimes | undefined {
  let all: CpuTimes | undefined;
  const cores = new Map<number, CpuTimes>();
  for (const line of text.split('\n')) {
    // They come first; the interrupt line behind them is long on a big machine and of no use here.
    if (!line.startsWith('cpu')) break;
    const [label = '', ...fields] = line.split(/ +/);
    const times = toCpuTimes(fields.map(Number));
    if (label === 'cpu') all = times;
    else cores.set(Number(label.slice(3)), times);
  }
  return all && { all, cores };
}

/** Columns: user nice system idle iowait irq softirq steal; guest time, behind them, is contained in user already. */
function toCpuTimes(columns: number[]): CpuTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] = columns;
  return { busy: user + nice + system + irq + softIrq + steal, idle: idle + ioWait };
}

/** MemTotal and MemTotal - MemAvailable out of `/proc/meminfo`, in MB (of 1024 x 1024 bytes). */
export function parseMemory(text: string): { totalMb: number; usedMb: number } {
  const kilobytes = (key: string): number | undefined => {
    const value = new RegExp(`^${key}: *(\\d+) kB`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const total = kilobytes('MemTotal') ?? 0;
  // Kernels before 3.14 have no MemAvailable; MemFree is the nearest they offer.
  const available = kilobytes('MemAvailable') ?? kilobytes('MemFree') ?? 0;
  return { totalMb: total / 1024, usedMb: Math.max(total - available, 0) / 1024 };
}

/** Seconds since boot out of `/proc/uptime`. */
export function parseUptimeSeconds(text: string): number {
  const seconds = Number.parseFloat(text);
  return Number.isFinite(seconds) ? seconds : 0;
}

/** Bytes really read from and written to storage, out of `/proc/<pid>/io`, since the process started. */
export function parseProcessIo(text: string): { readBytes: number; writeBytes: number } {
  const bytes = (key: string) => Number(new RegExp(`^${key}: (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { readBytes: bytes('read_bytes'), writeBytes: bytes('write_bytes') };
}

/**
 * Parses `/proc/<pid>/stat`; undefined where the process vanished while it was read.
 *
 * The name stands in parentheses and may itself hold parentheses, spaces and line ends, so it ends at the *last* `)`.
 * The numbers are read from the bytes: this runs for every process at every tick, and splitting fifty columns into
 * strings would be most of its cost.
 */
export function parseProcessStat(bytes: Buffer): ProcessStat | undefined {
  const open = bytes.indexOf(OPEN);
  const close = bytes.lastIndexOf(CLOSE);
  if (open < 0 || close < open) return undefined;

  // Fields are counted as in proc(5): the state, behind the name, is the third.
  let field = 3;
  let value = 0;
  let cpuTicks = 0;
  let threads = 0;
  let startTicks = 0;
  for (let at = close + 2; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? NEWLINE;
    if (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO);
    } else if (byte === SPACE || byte === NEWLINE) {
      if (field === 14 || field === 15) cpuTicks += value;
      else if (field === 20) threads = value;
      else if (field === 22) startTicks = value;
      else if (field === 24) {
        const pid = Number(bytes.toString('latin1', 0, open));
        return {
          pid,
          name: toSafeName(bytes, open + 1, close),
          cpuTicks,
          threads,
          startTicks,
          rssPages: value,
        };
      }
      field += 1;
      value = 0;
    }
  }
  return undefined;
}

/**
 * Any process may give itself any bytes for a name, and the kernel cuts it at 15, also inside a character. Bytes that
 * are not UTF-8 become U+FFFD; so does U+0000, which PostgreSQL cannot store.
 */
function toSafeName(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end).replaceAll('\u0000', '\uFFFD');
}
