/** Words that pick shards, parsed. */
export type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'glob'; readonly glob: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'label'; readonly key: string; readonly value: string }
  | { readonly kind: 'percent'; readonly percent: number };

/** What a selector looks at. */
export interface Selectable {
  readonly name: string;
  readonly group?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Shard names, and so never a glob, a share or a word with a colon. */
export const shardNameRule = /^[A-Za-z0-9._-]{1,128}$/;

/** NAME, GLOB (`*`, `?`), `group:G`, `label:K=V`, `25%`; undefined for anything else. */
export function parseSelector(text: string): Selector | undefined {
  if (shardNameRule.test(text)) return { kind: 'name', name: text };
  if (/^[A-Za-z0-9._*?-]{1,128}$/.test(text)) return { kind: 'glob', glob: text };
  const group = /^group:(.+)$/s.exec(text)?.[1];
  if (group !== undefined) return { kind: 'group', group };
  const [, key, value] = /^label:([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return { kind: 'label', key, value };
  const percent = Number(/^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text)?.[1]);
  return percent > 0 && percent <= 100 ? { kind: 'percent', percent } : undefined;
}

/** A share of a fleet is no property of one shard: `percent` matches nothing here. */
export function matchesSelector(selector: Selector, shard: Selectable): boolean {
  switch (selector.kind) {
    case 'name':
      return shard.name === selector.name;
    case 'glob':
      return matchesGlob(selector.glob, shard.name);
    case 'group':
      return shard.group === selector.group;
    case 'label':
      return Object.hasOwn(shard.labels, selector.key) && shard.labels[selector.key] === selector.value;
    case 'percent':
      return false;
  }
}

/** Backtracks to the last `*` only, so no pattern is slow. */
function matchesGlob(glob: string, text: string): boolean {
  let g = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (g < glob.length && glob[g] === '*') {
      star = g++;
      mark = t;
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === text[t])) {
      g++;
      t++;
    } else if (star >= 0) {
      g = star + 1;
      t = ++mark;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
