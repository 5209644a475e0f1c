import type { Query } from '../dialects/dialect.js';
import type { StepRun } from './record.js';

export interface WarningLog {
  /** Asks what the statement just sent warned about, and tells the user. */
  look(index: number, words: string): Promise<void>;
  /** Lines for the log that are still to be written. */
  take(): readonly Query[];
}

/** Warnings of the server during one step: shown at once, kept in the log with the next record. */
export function warningLog(run: StepRun): WarningLog {
  const { session, writer, record, context, shard, step } = run;
  const lines: Query[] = [];
  return {
    async look(index, words) {
      const warnings = await session.warnings();
      if (warnings.length === 0) return;
      const place = `${step.version} ${step.description}: statement ${index + 1} (${words})`;
      context.emit({ type: 'warning', shard: shard.name, message: `${place}: ${warnings.join('; ')}` });
      lines.push(writer.log('warning', record, { step: index + 1, words, warnings }));
    },
    take: () => lines.splice(0),
  };
}
