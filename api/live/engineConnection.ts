import type { Socket } from 'socket.io';
import type { WebSocket } from 'ws';

/** What Socket.IO's types do not show of a connection: packets held back until earlier ones are written, the WebSocket. */
interface Inside {
  writeBuffer?: readonly { data?: string | Uint8Array }[];
  transport?: { socket?: WebSocket };
}

/** What the engine holds for one packet beside its content, which all clients share: measured with Node 20. */
const BYTES_PER_PACKET = 90;

function inside({ conn }: Pick<Socket, 'conn'>): Inside {
  return conn as unknown as Inside;
}

/** The WebSocket under a Socket.IO client; test/unit/api/live notices when a new version keeps it elsewhere. */
export function webSocketOf(socket: Pick<Socket, 'conn'>): WebSocket | undefined {
  return inside(socket).transport?.socket;
}

/**
 * Bytes that wait for this client to read: those held back, and those of its WebSocket. It looks and does not count along:
 * it is asked once a second, and packets are sent thousands of times.
 */
export function waitingBytes(socket: Pick<Socket, 'conn'>): number {
  const { writeBuffer = [] } = inside(socket);
  let bytes = webSocketOf(socket)?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += (data?.length ?? 0) + BYTES_PER_PACKET;
  return bytes;
}
