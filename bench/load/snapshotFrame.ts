const FIELD = Buffer.from('"system_memory_used_mb":');

/** Where a Socket.IO event with a line for each host begins: those hold the field, too. */
const FLEET = Buffer.from('42["fleet"');

const COMMA = 0x2c;

/** The figure that names the snapshot in this frame, in hundredths; undefined where the frame holds no snapshot. */
export function figureIn(frame: Buffer): number | undefined {
  if (frame.subarray(0, FLEET.length).equals(FLEET)) return undefined;
  const at = frame.indexOf(FIELD);
  if (at === -1) return undefined;
  const start = at + FIELD.length;
  const comma = frame.indexOf(COMMA, start);
  return Math.round(Number(frame.toString('latin1', start, comma === -1 ? frame.length : comma)) * 100);
}
