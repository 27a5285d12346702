/** When the next picture is due, as a window tells. */
export interface Frames {
  requestAnimationFrame(callback: () => void): number;
  cancelAnimationFrame(handle: number): void;
}

/** Asks for a picture as often as one likes, and paints it once. */
export interface Painter {
  ask(): void;
  close(): void;
}

/** A page that cannot be seen gets no frames, and so paints nothing until it is looked at again. */
export function createPainter(frames: Frames, paint: () => void): Painter {
  let due: number | undefined;
  return {
    ask() {
      due ??= frames.requestAnimationFrame(() => {
        due = undefined;
        paint();
      });
    },
    close() {
      if (due !== undefined) frames.cancelAnimationFrame(due);
      due = undefined;
    },
  };
}
