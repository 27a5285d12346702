import { useLayoutEffect, useRef } from 'preact/hooks';
import { useServices } from '../services.tsx';

import { coloursOf, drawSpark, SPARK_SIZE } from './drawSpark.ts';
import { sparkAt, sparkText, type Spark } from './spark.ts';

/** The last five minutes of a host's CPU: one small canvas, painted anew when it has a new value or moves on. */
export function Sparkline({ spark, asOf }: { spark: Spark; asOf: number }) {
  const { theme } = useServices();
  const canvas = useRef<HTMLCanvasElement>(null);
  const peaks = sparkAt(spark, asOf);
  const shown = theme.shown.value;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element !== null) drawSpark(element, peaks, coloursOf(shown));
  }, [peaks.join(), shown]);

  return (
    <canvas
      ref={canvas}
      class="spark live-mark"

      width={SPARK_SIZE.width}
      height={SPARK_SIZE.height}
      role="img"
      aria-label={sparkText(peaks)}
    />
  );
}
