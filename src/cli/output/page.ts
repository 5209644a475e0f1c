import type { Paint } from './colour.js';

/** What a result looks like to a person. Lines without their ends. */
export interface Page {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

export interface View {
  readonly out: Paint;
  readonly err: Paint;
  /** Columns of the terminal; Infinity where there is none. */
  readonly width: number;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Pure: what is foreign in the result has been made harmless before. */
export type Render<R> = (result: R, view: View) => Page;

export function page(stdout: readonly string[], stderr: readonly string[] = []): Page {
  return { stdout, stderr };
}
