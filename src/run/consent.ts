import { DbpatError } from '../errors.js';
import type { MigratorOptions } from './migrator.js';

export interface Consent {
  /** Given beforehand. */
  readonly yes: boolean;
  /** Absent: nobody can be asked. */
  readonly confirm: MigratorOptions['confirm'];
}

/** Asks before these protected shards are written to; does nothing for none. @throws DbpatError `protected` */
export async function askConsent(
  command: string,
  shards: readonly string[],
  consent: Consent,
): Promise<void> {
  if (shards.length === 0 || consent.yes) return;
  if (consent.confirm !== undefined && (await consent.confirm({ command, shards }))) return;
  throw new DbpatError('protected', `${shards.join(', ')}: protected; nothing ran`, {
    shard: shards[0],
    hint: `the same command with --yes`,
  });
}
