import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The one door to the metrics library, which has a successor already. Every name is in base units. */
export interface Metrics {
  counter<Label extends string = never>(name: string, help: string, labels?: Label[]): Counter<Label>;
  histogram<Label extends string = never>(
    name: string,
    help: string,
    options: { labels?: Label[]; buckets: number[] },
  ): Histogram<Label>;
  /** A gauge whose value is asked for at each scrape. */
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labels: Label[],
    collect: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Gauge<Label>;
  /** The page Prometheus reads, with its media type. */
  page(): Promise<{ contentType: string; body: string }>;
}

/** Durations from 1 ms to 10 s, in seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own for each process, so that tests can have several. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: labels, registers }),
    histogram: (name, help, { labels = [], buckets }) =>
      new Histogram({ name, help, labelNames: labels, buckets, registers }),
    gauge: <Label extends string>(
      name: string,
      help: string,
      labels: Label[],
      collect: (gauge: Gauge<Label>) => void | Promise<void>,
    ) => {
      const gauge: Gauge<Label> = new Gauge({
        name,
        help,
        labelNames: labels,
        registers,
        collect: (): void | Promise<void> => collect(gauge),
      });
      return gauge;
    },
    page: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
