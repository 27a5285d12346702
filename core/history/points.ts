import { JsonBytes } from '../jsonBytes.ts';
import type { BucketFigures, SpreadFigures } from '../rollup/bucketFigures.ts';
import { averageUnits, coresOf, cpuMillisecondsOf } from './figures.ts';
import type { ReadBucket } from './fold.ts';

/** The answer with the points of a host's history, written as they come about: of a day they are a thousand and more. */
export interface PointList {
  /** @param time epoch seconds */
  add(time: number, bucket: ReadBucket): void;
  count(): number;
  /** Ends the answer. @returns its JSON */
  end(): Buffer;
}

/**
 * @param head the other fields of the answer, at least one
 * @param withCores whether each point has its cores
 */
export function writePoints(head: object, withCores: boolean): PointList {
  const json = new JsonBytes();
  let count = 0;
  json.value(head);
  json.back();
  json.ascii(',"points":[');
  return {
    add(time, bucket) {
      if (count > 0) json.ascii(',');
      count += 1;
      writePoint(json, time, bucket.figures());
      if (withCores) {
        json.ascii(',"cores":');
        json.value(coresOf(bucket.bucket()));
      }
      json.ascii('}');
    },
    count: () => count,
    end() {
      json.ascii(']}');
      return json.taken();
    },
  };
}

/** As `pointSchema` of the contract has it, but for its end. */
function writePoint(json: JsonBytes, time: number, figures: BucketFigures): void {
  json.ascii('{"time":');
  json.decimal(time, 0);
  json.ascii(',"samples":');
  json.decimal(figures.samples, 0);
  json.ascii(',"cpu":{');
  writeSpread(json, figures.cpu, figures.samples);
  json.ascii('},"memory":{');
  writeSpread(json, figures.memory, figures.samples);
  json.ascii(',"total":');
  json.decimal(figures.memoryTotal, 2);
  json.ascii('},"top_process":');
  writeTop(json, figures.top);
  json.ascii(',"io":{"read_mb":');
  json.decimal(figures.ioRead, 2);
  json.ascii(',"write_mb":');
  json.decimal(figures.ioWrite, 2);
  json.ascii('}');
}

function writeSpread(json: JsonBytes, { sum, min, max, p95 }: SpreadFigures, samples: number): void {
  json.ascii('"avg":');
  json.decimal(averageUnits(sum, samples), 2);
  json.ascii(',"min":');
  json.decimal(samples === 0 ? 0 : min, 2);
  json.ascii(',"max":');
  json.decimal(max, 2);
  json.ascii(',"p95":');
  json.decimal(p95, 2);
}

function writeTop(json: JsonBytes, top: BucketFigures['top']): void {
  if (top === undefined) {
    json.ascii('null');
    return;
  }
  json.ascii('{"name":');
  json.value(top.name);
  json.ascii(',"cpu_seconds":');
  json.decimal(cpuMillisecondsOf(top.cpuUnits), 3);
  json.ascii('}');
}
