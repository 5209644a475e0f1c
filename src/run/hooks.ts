import { DbpatError, toDbpatError } from '../errors.js';
import type { RunContext } from './context.js';

export type HookName = 'beforeRun' | 'afterRun' | 'beforeStep' | 'afterStep';

/**
 * Calls the config's hook, if there is one. What a `before` hook throws stops what it stands before; after the fact it
 * is a warning.
 * @throws DbpatError `refused`
 */
export async function callHook(
  context: RunContext,
  name: HookName,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const hook = context.config.hooks[name];
  if (hook === undefined) return;
  try {
    await hook({ command: context.command, runId: context.stamp.runId, ...facts });
  } catch (thrown) {
    const { message } = toDbpatError(thrown);
    const shard = typeof facts.shard === 'string' ? facts.shard : undefined;
    if (name.startsWith('before')) {
      throw new DbpatError('refused', `the hook ${name} said no: ${message}`, {
        shard,
        hint: 'see the hook in the config',
        cause: thrown,
      });
    }
    context.emit({
      type: 'warning',
      ...(shard === undefined ? {} : { shard }),
      message: `the hook ${name} failed: ${message}`,
    });
  }
}
