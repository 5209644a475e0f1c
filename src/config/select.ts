import { DbpatError } from '../errors.js';
import type { Shard } from './config.js';
import { didYouMean, printable } from './nearest.js';
import { matchesSelector, parseSelector, type Selector } from './selector.js';

/**
 * The shards that any of the selectors picks, in the order of the config; all of them without a selector.
 * @throws DbpatError `usage` when one is no selector or picks nothing
 */
export function selectShards(shards: readonly Shard[], selectors: readonly string[]): readonly Shard[] {
  if (selectors.length === 0) return shards;
  const parsed = selectors.map((text) => readSelector(text, shards));
  return shards.filter((shard) => parsed.some((selector) => matchesSelector(selector, shard)));
}

function readSelector(text: string, shards: readonly Shard[]): Selector {
  const selector = parseSelector(text);
  const shown = printable(text);
  if (selector === undefined || selector.kind === 'percent') {
    throw new DbpatError('usage', `'${shown}' picks no shards`, {
      hint: 'give a name, a glob, group:G or label:K=V',
    });
  }
  if (shards.some((shard) => matchesSelector(selector, shard))) return selector;
  throw new DbpatError('usage', `${nothing(selector, shown, shards)}`, { hint: 'dbpat shards' });
}

function nothing(selector: Selector, shown: string, shards: readonly Shard[]): string {
  if (selector.kind === 'group') {
    const groups = [...new Set(shards.flatMap((shard) => shard.group ?? []))];
    return `no shard is in the group '${printable(selector.group)}'${didYouMean(selector.group, groups)}`;
  }
  if (selector.kind === 'label') return `no shard has the label '${shown.slice('label:'.length)}'`;
  const names = shards.map((shard) => shard.name);
  if (selector.kind === 'glob') return `no shard matches '${shown}'`;
  return `no shard is named '${shown}'${didYouMean(shown, names)}`;
}
