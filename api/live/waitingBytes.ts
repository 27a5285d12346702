import type { Socket } from 'socket.io';
import { z } from 'zod';

const transportSchema = z.object({ socket: z.object({ bufferedAmount: z.number() }) });
const packetSchema = z.object({ data: z.union([z.string(), z.instanceof(Uint8Array)]) });

/** By connection, what Socket.IO holds back until the WebSocket has taken what was given to it before. */
const heldBack = new WeakMap<object, number>();

/** Begins to count what waits for a client; call it when the client connects. */
export function countWaiting({ conn }: Pick<Socket, 'conn'>): void {
  conn.on('packetCreate', (packet) => {
    const size = packetSchema.safeParse(packet).data?.data.length ?? 0;
    heldBack.set(conn, (heldBack.get(conn) ?? 0) + size);
  });
  conn.on('drain', () => heldBack.delete(conn));
}

/** Bytes that wait for this client to read: those held back, and those of its WebSocket, which the types do not show. */
export function waitingBytes({ conn }: Pick<Socket, 'conn'>): number {
  const inSocket = transportSchema.safeParse(conn.transport).data?.socket.bufferedAmount ?? 0;
  return inSocket + (heldBack.get(conn) ?? 0);
}
